// Trains a small transformer on labelled texts, and classifies a text with it: train_classifier DATA BUNDLE TEXT
#include <winnow/classifier.h>
#include <winnow/trainer.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: train_classifier DATA BUNDLE TEXT\n";
    return 2;
  }
  winnow::TrainOptions options;
  options.data = {argv[1]};
  options.output_dir = argv[2];
  options.base_model = "scratch";  // or the name of a pretrained model, such as all-MiniLM-L6-v2
  options.epochs = 2;
  const auto trained = winnow::Train(options, [](const winnow::TrainProgress& progress) {
    if (!progress.message.empty()) std::cerr << progress.message << "\n";
    return true;  // false would end the training
  });
  if (!trained) {
    std::cerr << trained.error().Text() << "\n";
    return 1;
  }
  for (const auto& [name, value] : trained->metrics) std::cout << name << "\t" << value << "\n";

  const auto classifier = winnow::Classifier::Load(options.output_dir);
  if (!classifier) {
    std::cerr << classifier.error().Text() << "\n";
    return 1;
  }
  const auto prediction = classifier->Classify(argv[3]);
  if (!prediction) {
    std::cerr << prediction.error().Text() << "\n";
    return 1;
  }
  std::cout << "label\t" << prediction->label << "\n";
}
