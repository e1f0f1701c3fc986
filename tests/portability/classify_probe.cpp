// Classifies lines with a bundle and prints JSON lines like `winnow classify --json`, without the rest of the program:
// what is compiled for another processor to test it there in minutes. Usage: classify_probe classify BUNDLE --input
// FILE --json
#include <fstream>
#include <iostream>
#include <string>

#include "base/json.h"
#include "winnow/classifier.h"

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const auto classifier = winnow::Classifier::Load(argv[2]);
  if (!classifier) {
    std::cerr << classifier.error().Text() << '\n';
    return 1;
  }
  std::ifstream input(argv[4]);
  for (std::string line; std::getline(input, line);) {
    const auto prediction = classifier->Classify(line);
    if (!prediction) {
      std::cerr << prediction.error().Text() << '\n';
      return 1;
    }
    winnow::Json scores = winnow::Json::array();
    for (const winnow::LabelScore& each : prediction->scores) {
      scores.push_back({{"label", each.label}, {"score", each.score}});
    }
    std::cout << winnow::DumpJsonLine({{"label", prediction->label}, {"scores", scores}}) << '\n';
  }
}
