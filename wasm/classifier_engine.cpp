// Classifiers of any kind, by the same code as the program's.
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "classify/bundle_classifier.h"
#include "engine.h"
#include "engine_state.h"
#include "memory_files.h"

struct WinnowModel {
  winnow::BundleClassifier classifier;
  std::string labels;  // as JSON
  std::string scope_label, weights;

  std::vector<winnow::ClassifiedText> results = {};
  std::vector<uint8_t> decided = {};
  WinnowPrediction prediction = {};
};

namespace {

using winnow::ErrorCode;
using winnow::Fail;
using winnow::InputText;
using winnow::Json;
using winnow::Result;

/// Threads that every model waits for: none.
winnow::ThreadPool& Pool() {
  static winnow::ThreadPool pool(1);
  return pool;
}

Result<std::unique_ptr<WinnowModel>> Load() {
  winnow::BundleClassifier classifier = TRY(winnow::BundleClassifier::Load(winnow::kMemoryBundle, Pool()));
  std::string labels = winnow::DumpJsonLine(Json(classifier.labels()));
  const winnow::ScopeRule* const scope = classifier.scope_rule();
  std::string scope_label = scope == nullptr ? "" : scope->label, weights = classifier.weights();
  return std::make_unique<WinnowModel>(
      WinnowModel{std::move(classifier), std::move(labels), std::move(scope_label), std::move(weights)});
}

Result<InputText> TextOfSegments(const Json& list) {
  std::vector<std::string> segments;
  for (const Json& each : list) {
    if (!each.is_string()) return Fail(ErrorCode::kInvalidArgument, "a segment of a text must be a string");
    segments.push_back(each.str());
  }
  if (segments.empty()) return Fail(ErrorCode::kInvalidArgument, "a text has no segments");
  return InputText::OfSegments(segments);
}

Result<InputText> TextOfFields(const winnow::TextTemplate& text_template, const Json& fields) {
  bool any = false;
  for (const std::string& name : text_template.fields()) {
    const Json* const field = fields.Find(name);
    if (field == nullptr || field->is_null()) continue;
    if (!field->is_string()) {
      return Fail(ErrorCode::kInvalidArgument, "the field '" + name + "' must be a string");
    }
    any = true;
  }
  if (!any) return Fail(ErrorCode::kInvalidArgument, "the text has none of the fields of the model's text template");
  std::string text;
  text_template.Render(
      [&](std::string_view name) {
        const Json* const field = fields.Find(name);
        return field == nullptr || field->is_null() ? std::string_view() : std::string_view(field->str());
      },
      text);
  return InputText::OfJoined(std::move(text));
}

Result<InputText> TextOf(const winnow::BundleClassifier& classifier, const Json& input) {
  if (input.is_string()) return InputText(winnow::WithoutSeparators(input.str()));
  if (input.is_array()) {
    InputText text = TRY(TextOfSegments(input));
    const size_t most = std::max<size_t>(classifier.segments(), 2);
    if (text.segments() > most) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a text has more than the " + std::to_string(most) + " segments that the model reads");
    }
    return text;
  }
  if (!input.is_object()) return Fail(ErrorCode::kInvalidArgument, "a text must be a string, a list or an object");
  if (classifier.text_template() == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "objects require a model with a text template, and this model has none");
  }
  return TextOfFields(*classifier.text_template(), input);
}

Result<const WinnowPrediction*> Classify(WinnowModel& model, const InputText& text, int32_t mode, float threshold) {
  if (mode < 0 || mode > 2) {
    return Fail(ErrorCode::kInvalidArgument,
                "mode " + std::to_string(mode) + " is not 0 (strict), 1 (moderate) or 2 (lenient)");
  }
  winnow::ClassifyOptions options{.mode = static_cast<winnow::Mode>(mode)};
  if (!std::isnan(threshold)) options.threshold = threshold;
  TRY(model.classifier.CheckMode(options.mode));
  const winnow::InputTextView view = text.view();
  TRY(model.classifier.ClassifyInto({&view, 1}, options, model.results));
  const winnow::ClassifiedText& result = model.results.front();
  const winnow::Decision& decision = result.decision;
  model.decided.assign(result.probabilities.size(), 0);
  for (const int32_t label : decision.labels) model.decided[static_cast<size_t>(label)] = 1;
  if (decision.labels.empty() && decision.label >= 0) model.decided[static_cast<size_t>(decision.label)] = 1;
  model.prediction = {.label = decision.label,
                      .top = decision.top,
                      .positive = decision.positive ? 1u : 0u,
                      .abstained = decision.abstained ? 1u : 0u,
                      .score = decision.score,
                      .confidence = decision.confidence,
                      .count = static_cast<uint32_t>(result.probabilities.size()),
                      .probabilities = result.probabilities.data(),
                      .decided = model.decided.data(),
                      .out_of_scope = result.out_of_scope ? 1u : 0u,
                      .scope_score = result.scope_score.value_or(0)};
  return &model.prediction;
}

const WinnowPrediction* Finish(const Result<const WinnowPrediction*>& prediction) {
  if (prediction) return *prediction;
  winnow::LastError() = prediction.error().Text();
  return nullptr;
}

Result<const WinnowPrediction*> ClassifyInput(WinnowModel& model, std::string_view json, int32_t mode,
                                              float threshold) {
  const Json input = TRY(winnow::ParseJson(json, "input", ErrorCode::kInvalidArgument));
  return Classify(model, TRY(TextOf(model.classifier, input)), mode, threshold);
}

}  // namespace

extern "C" {

WINNOW_EXPORT(winnow_load) WinnowModel* winnow_load() {
  auto model = Load();
  return winnow::Finish(model) ? model->release() : nullptr;
}
WINNOW_EXPORT(winnow_unload) void winnow_unload(WinnowModel* model) { delete model; }

WINNOW_EXPORT(winnow_labels) const char* winnow_labels(const WinnowModel* model) { return model->labels.c_str(); }
WINNOW_EXPORT(winnow_scope_label) const char* winnow_scope_label(const WinnowModel* model) {
  return model->scope_label.c_str();
}
WINNOW_EXPORT(winnow_weights) const char* winnow_weights(const WinnowModel* model) { return model->weights.c_str(); }

WINNOW_EXPORT(winnow_classify)
const WinnowPrediction* winnow_classify(WinnowModel* model, const char* text, size_t size, int32_t mode) {
  return Finish(Classify(*model, InputText(winnow::WithoutSeparators(std::string(text, size))), mode, NAN));
}

WINNOW_EXPORT(winnow_classify_input)
const WinnowPrediction* winnow_classify_input(WinnowModel* model, const char* json, size_t size, int32_t mode,
                                              float threshold) {
  return Finish(ClassifyInput(*model, std::string_view(json, size), mode, threshold));
}

}  // extern "C"
