// Linear models.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "classify/decision_rule.h"
#include "decide/calibration.h"
#include "engine.h"
#include "engine_state.h"
#include "linear/linear_model.h"
#include "text/disguise.h"

struct WinnowModel {
  winnow::LinearModel linear;
  std::string labels;  // as JSON
  bool fold_disguises;
  winnow::Calibration calibration;
  winnow::DecisionRule rule;

  winnow::LinearModel::Scratch scratch = {};
  std::vector<float> probabilities = {};
  std::vector<uint8_t> decided = {};
  WinnowPrediction prediction = {};
};

namespace {

using winnow::Result;

Result<std::unique_ptr<WinnowModel>> Load() {
  const winnow::Manifest manifest =
      TRY(winnow::ParseManifest(TRY(winnow::ReadFile(winnow::kManifestFile)), winnow::kManifestFile));
  if (manifest.kind == "transformer") {
    return winnow::Fail(winnow::ErrorCode::kUnsupported,
                        "winnow.json: 'kind' is 'transformer', but this WebAssembly module reads linear models alone",
                        "train with --kind lr or --kind svm, or ask a server");
  }
  const std::vector<std::string> labels = TRY(winnow::ReadLabelsFile(winnow::kLabelsFile));
  winnow::LinearModel model = TRY(winnow::LinearModel::Load(winnow::kLinearFile));
  if (model.labels() != labels.size()) {
    return winnow::Fail(winnow::ErrorCode::kInvalidModel,
                        "linear.bin has " + std::to_string(model.labels()) + " labels, but labels.json has " +
                            std::to_string(labels.size()),
                        "the files belong to different models");
  }
  winnow::Calibration calibration = winnow::CalibrationOf(manifest);
  TRY(winnow::CheckCalibrationFits(calibration, labels.size(), model.multi_label()));
  winnow::DecisionRule rule = TRY(winnow::DecisionRule::Of(manifest, labels, model.multi_label(), "bundle"));
  return std::make_unique<WinnowModel>(WinnowModel{std::move(model), winnow::DumpJsonLine(winnow::Json(labels)),
                                                   manifest.fold_disguises, std::move(calibration), std::move(rule)});
}

}  // namespace

extern "C" {

WINNOW_EXPORT(winnow_load) WinnowModel* winnow_load() {
  auto model = Load();
  return winnow::Finish(model) ? model->release() : nullptr;
}
WINNOW_EXPORT(winnow_unload) void winnow_unload(WinnowModel* model) { delete model; }

WINNOW_EXPORT(winnow_labels) const char* winnow_labels(const WinnowModel* model) { return model->labels.c_str(); }

WINNOW_EXPORT(winnow_classify)
const WinnowPrediction* winnow_classify(WinnowModel* model, const char* text, size_t size, int32_t mode) {
  if (mode < 0 || mode > 2) {
    winnow::LastError() = "mode " + std::to_string(mode) + " is not 0 (strict), 1 (moderate) or 2 (lenient)";
    return nullptr;
  }
  std::string_view view(text, size);
  std::string folded;
  if (model->fold_disguises) view = folded = winnow::FoldDisguises(view);
  const size_t count = model->linear.labels();
  model->probabilities.resize(count);
  model->linear.Logits(view, model->scratch, model->probabilities);
  winnow::Calibrate(model->calibration, model->probabilities, count, model->linear.multi_label(), model->probabilities);
  const winnow::Decision decision = model->rule.Decide(model->probabilities, {.mode = static_cast<winnow::Mode>(mode)});
  model->decided.assign(count, 0);
  for (const int32_t label : decision.labels) model->decided[static_cast<size_t>(label)] = 1;
  if (decision.labels.empty() && decision.label >= 0) model->decided[static_cast<size_t>(decision.label)] = 1;
  model->prediction = {
      decision.label,       decision.top,        decision.positive ? 1u : 0u,  decision.abstained ? 1u : 0u,
      decision.score,       decision.confidence, static_cast<uint32_t>(count), model->probabilities.data(),
      model->decided.data()};
  return &model->prediction;
}

}  // extern "C"
