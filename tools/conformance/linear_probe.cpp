// What src/linear makes of texts, for tools/conformance/sklearn.py. Reads one JSON object from standard input, either
//   {"options": {...}, "train": [texts], "test": [texts], "threads": n}, and writes {"names", "word_features", "idf",
//   "train", "test"}, where rows are [columns, values]; or with
//   "model": {"names", "word_features", "idf", "weights", "bias", "kind", "labels", "multi_label", "platt"} and "file",
//   where the model is written and read again, and writes {"scores", "logits", "bytes"} of the test texts, with
//   "contributions": a label also the text pieces [begin, end, share] that speak for it.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "linear/features.h"
#include "linear/linear_model.h"

namespace winnow {
namespace {

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

Result<LinearModel> ModelOf(const Json& json, const FeatureOptions& options) {
  FeatureParts parts;
  parts.options = options;
  parts.names = json["names"].get<std::vector<std::string>>();
  parts.word_features = json.value("word_features", size_t{0});
  parts.idf = json["idf"].get<std::vector<float>>();
  Vectorizer vectorizer = TRY(Vectorizer::FromParts(parts));
  LinearWeights weights;
  weights.weights = json["weights"].get<std::vector<float>>();
  weights.bias = json["bias"].get<std::vector<float>>();
  weights.features = parts.names.size();
  weights.outputs = weights.bias.size();
  std::vector<PlattScale> platt;
  for (const Json& scale : json["platt"]) platt.push_back({scale[0].get<float>(), scale[1].get<float>()});
  return LinearModel::Make(std::move(vectorizer), std::move(weights), static_cast<LinearKind>(json["kind"].get<int>()),
                           json["labels"].get<size_t>(), json["multi_label"].get<bool>(), std::move(platt));
}

Result<Json> Score(const Json& in) {
  const auto texts = in["test"].get<std::vector<std::string>>();
  const std::filesystem::path file = in["file"].get<std::string>();
  const LinearModel made = TRY(ModelOf(in["model"], OptionsOf(in["options"])));
  TRY(made.Save(file));
  const LinearModel model = TRY(LinearModel::Load(file));
  ThreadPool pool(in.value("threads", 2));
  std::vector<float> logits(texts.size() * model.labels()), scores(texts.size() * model.outputs());
  model.Logits(Views(texts), pool, logits);
  LinearModel::Scratch scratch;
  for (size_t t = 0; t < texts.size(); ++t) {
    model.Scores(texts[t], scratch, std::span(scores).subspan(t * model.outputs(), model.outputs()));
  }
  Json out;
  out["scores"] = scores;
  out["logits"] = logits;
  out["bytes"] = std::filesystem::file_size(file);
  if (in.contains("contributions")) {
    for (const std::string& text : texts) {
      Json pieces = Json::array();
      for (const Contribution& piece : model.Contributions(text, in["contributions"].get<size_t>())) {
        pieces.push_back({piece.begin, piece.end, piece.share});
      }
      out["contributions"].push_back(pieces);
    }
  }
  return out;
}

Result<Json> Fit(const Json& in) {
  ThreadPool pool(in.value("threads", 2));
  const auto train = in["train"].get<std::vector<std::string>>(), test = in["test"].get<std::vector<std::string>>();
  const FittedFeatures fitted = TRY(Vectorizer::Fit(Views(train), OptionsOf(in["options"]), pool));
  const FeatureParts parts = fitted.vectorizer.ToParts();
  Json out;
  out["names"] = parts.names;
  out["word_features"] = parts.word_features;
  out["idf"] = parts.idf;
  out["train"] = RowsOf(fitted.rows);
  out["test"] = RowsOf(fitted.vectorizer.Transform(Views(test), pool));
  return out;
}

int Main() {
  const Json in = ParsedJson(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  const Result<Json> out = in.contains("model") ? Score(in) : Fit(in);
  if (!out) {
    std::fprintf(stderr, "%s\n", out.error().Text().c_str());
    return 1;
  }
  std::cout << out->dump() << "\n";
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
