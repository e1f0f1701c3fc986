// Classifies its arguments after the first, which names a bundle: classify_messages spam 'You won a prize' 'See you at
// six'
#include <winnow/classifier.h>

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: classify_messages BUNDLE TEXT...\n";
    return 2;
  }
  const auto classifier = winnow::Classifier::Load(argv[1]);
  if (!classifier) {
    std::cerr << classifier.error().Text() << "\n";
    return 1;
  }
  const std::vector<std::string> texts(argv + 2, argv + argc);
  const auto predictions = classifier->Classify(texts);
  if (!predictions) {
    std::cerr << predictions.error().Text() << "\n";
    return 1;
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    const winnow::Prediction& prediction = (*predictions)[i];
    std::cout << prediction.label << "\t" << prediction.confidence << "\t" << texts[i] << "\n";
  }
  return 0;
}
