// What src/linear makes of texts, for tools/conformance/sklearn.py. Reads one JSON object from standard input:
//   {"options": {...}, "train": [texts], "test": [texts], "threads": n}
// and writes {"names", "idf", "train", "test"}; rows are [columns, values].
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "linear/features.h"

namespace winnow {
namespace {

using Json = nlohmann::json;

FeatureOptions OptionsOf(const Json& json) {
  FeatureOptions options;
  const std::string analyzer = json.value("analyzer", "word");
  options.analyzer = analyzer == "char"      ? Analyzer::kChar
                     : analyzer == "char_wb" ? Analyzer::kCharWb
                     : analyzer == "both"    ? Analyzer::kBoth
                                             : Analyzer::kWord;
  options.min_ngram = json.value("min_ngram", options.min_ngram);
  options.max_ngram = json.value("max_ngram", options.max_ngram);
  options.min_char_ngram = json.value("min_char_ngram", options.min_char_ngram);
  options.max_char_ngram = json.value("max_char_ngram", options.max_char_ngram);
  options.max_features = json.value("max_features", options.max_features);
  options.sublinear = json.value("sublinear", options.sublinear);
  options.lowercase = json.value("lowercase", options.lowercase);
  return options;
}

Json RowsOf(const SparseRows& rows) {
  Json json = Json::array();
  for (size_t r = 0; r < rows.rows(); ++r) json.push_back({rows.columns_of(r), rows.values_of(r)});
  return json;
}

std::vector<std::string_view> Views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

int Main() {
  const Json in = Json::parse(std::cin);
  ThreadPool pool(in.value("threads", 2));
  const auto train = in.value("train", std::vector<std::string>()), test = in.value("test", std::vector<std::string>());
  Json out;
  auto fitted = Vectorizer::Fit(Views(train), OptionsOf(in["options"]), pool);
  if (!fitted) {
    std::fprintf(stderr, "%s\n", fitted.error().Text().c_str());
    return 1;
  }
  const FeatureParts parts = fitted->vectorizer.ToParts();
  out["names"] = parts.names;
  out["word_features"] = parts.word_features;
  out["idf"] = parts.idf;
  out["train"] = RowsOf(fitted->rows);
  out["test"] = RowsOf(fitted->vectorizer.Transform(Views(test), pool));
  std::cout << out.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace winnow

int main() {
  try {
    return winnow::Main();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
