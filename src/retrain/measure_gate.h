/// Measurement of two models for the gate.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "filter/must_pass.h"
#include "pipeline/training_plan.h"
#include "report/report_sources.h"
#include "retrain/gate.h"
#include "store/store.h"

namespace winnow {

/// Where the texts of the test set come from, for slices by their columns.
struct TestOrigin {
  std::vector<std::filesystem::path> files = {};
  FieldNames fields = {};
  FormatOptions format = {};
};

struct GatePlan {
  std::filesystem::path champion = {}, challenger = {};
  Weights weights = Weights::kAuto;
  GateBounds bounds = {};
  TestOrigin origin = {};
  Store* store = nullptr;                      ///< store of the audits; null: none
  std::optional<StoreTime> audits_since = {};  ///< the promotion of the champion; nothing: all audits
  std::optional<std::filesystem::path> must_pass = {};
};

/// Measures both models on the texts of `test`, whose labels may have any ids, and examines the gate. Errors: those of
/// loading, classifying, the store and of ReadMustPass.
Result<GateReport> MeasureGate(const GatePlan& plan, const Dataset& test, ThreadPool& pool);

/// Measures both models on files of labelled texts, which each model reads by its own template. A model that seems to
/// have been trained on them (calibrate/calibration_set.h) is a warning and a note. Errors: those of MeasureGate and of
/// reading.
Result<GateReport> MeasureGateOnFiles(const GatePlan& plan, const ReadingOptions& reading, ThreadPool& pool);

/// Returns audited messages as examples for a model: what its template makes of them, with its label ids. Labels that
/// the model does not have are left out; `kept` receives the positions of the others.
Dataset AuditedTexts(std::span<const StoredVerdictSample> samples, const LabelSet& labels,
                     const TextTemplate* text_template, std::vector<size_t>* kept = nullptr);

}  // namespace winnow
