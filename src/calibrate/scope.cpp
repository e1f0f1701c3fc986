#include "calibrate/scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/label_sets.h"
#include "text/text_parts.h"

namespace winnow {

Result<std::vector<std::string>> ReadOutOfScopeTexts(const BundleClassifier& classifier,
                                                     std::span<const std::filesystem::path> files,
                                                     const std::function<void(const ReadReport&)>& take_report) {
  ReadOptions read;
  read.template_text = classifier.manifest().text_template;
  std::vector<std::string> texts;
  for (const std::filesystem::path& file : files) {
    ReadReport report;
    std::vector<std::string> more = TRY(ReadTexts(file, read, &report));
    take_report(report);
    for (std::string& text : more) {
      if (!TrimAscii(text).empty()) texts.push_back(std::move(text));
    }
  }
  if (!files.empty() && texts.empty()) {
    return Fail(ErrorCode::kInvalidData, "--out-of-scope: " + files.front().string() + " contains no texts",
                "specify a file with one text per line, or a table with a column of texts");
  }
  return texts;
}

std::vector<InputTextView> OutOfScopeViews(std::span<const std::string> texts) {
  std::vector<InputTextView> views;
  views.reserve(texts.size());
  for (const std::string& text : texts) views.push_back(InputTextView::OfJoined(text));
  return views;
}

Result<std::vector<float>> FirstWindowLogits(const BundleClassifier& classifier, std::span<const std::string> texts,
                                             const TextProgress& progress) {
  const std::vector<InputTextView> views = OutOfScopeViews(texts);
  TokenizedTexts tokens;
  const std::vector<float> windows = TRY(classifier.Logits(views, tokens, progress));
  const size_t labels = classifier.labels().size();
  std::vector<float> logits;
  for (size_t t = 0; t < texts.size(); ++t) {
    const auto row = windows.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(tokens.begins[t]) * labels);
    logits.insert(logits.end(), row, row + static_cast<ptrdiff_t>(labels));
  }
  return logits;
}

Result<ScopeFit> CalibrateScope(const HeldOutTexts& texts, std::span<const float> outside,
                                const ScopeOptions& options) {
  const std::vector<std::string>& labels = texts.dataset.labels.names;
  if (texts.dataset.multi_label) {
    return Fail(ErrorCode::kInvalidArgument, "--out-of-scope requires a single-label model",
                "omit --out-of-scope: a multi-label model does not need it, because it can leave a text without "
                "a label");
  }
  if (std::ranges::find(labels, options.label) != labels.end() || options.label.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--scope-label '{}' must be a name that is not one of the model's labels", options.label),
                "specify another name, such as out_of_scope");
  }
  // A text whose label the model does not have is not in its scope.
  std::vector<int32_t> truth;
  std::vector<float> logits;
  for (size_t t = 0; t < texts.dataset.examples.size(); ++t) {
    if (HasUnknownLabel(texts.dataset.examples[t])) continue;
    truth.push_back(texts.dataset.examples[t].labels.front());
    const auto row = texts.logits.begin() + static_cast<ptrdiff_t>(t * labels.size());
    logits.insert(logits.end(), row, row + static_cast<ptrdiff_t>(labels.size()));
  }
  ScopeFit fit = TRY(FitScope(logits, truth, outside, labels.size(), options));
  fit.rule.label = options.label;
  fit.rule.source = texts.source;
  fit.rule.weights = texts.weights;
  return fit;
}

Result<ScopePredictions> PredictScope(const BundleClassifier& classifier, std::span<const InputTextView> texts,
                                      const ClassifyOptions& options, const TextProgress& progress) {
  const auto classified = TRY(classifier.Classify(texts, options, progress));
  ScopePredictions predictions;
  for (const ClassifiedText& text : classified) {
    predictions.scores.push_back(text.scope_score.value_or(0));
    predictions.labels.push_back(text.decision.label);
  }
  return predictions;
}

ScopeMetrics MeasureScopeRule(const ScopeRule& rule, const Dataset& inside, const ScopePredictions& of_inside,
                              const ScopePredictions& of_outside) {
  std::vector<char> right;
  for (size_t t = 0; t < inside.examples.size(); ++t) {
    right.push_back(of_inside.labels[t] == inside.examples[t].labels.front() ? 1 : 0);
  }
  return MeasureScope(rule, of_inside.scores, right, of_outside.scores);
}

}  // namespace winnow
