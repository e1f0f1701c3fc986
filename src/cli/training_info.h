/// training_info.json: what a training was given and what came of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"
#include "train/trainer.h"

namespace winnow {

struct TrainingInfo {
  std::string name;
  std::string base_model;
  const TrainingResult* result = nullptr;  ///< of a training by epochs; null for a linear model, then:
  double val_macro_f1 = 0, val_accuracy = 0;
  const Metrics* metrics = nullptr;  ///< the reported figures
  std::string metrics_of;            ///< "test" or "validation": which part they are of
  const Dataset* train = nullptr;
  size_t validation_count = 0, test_count = 0;
  double total_seconds = 0;
  double inference_ms = 0;  ///< a text alone, tokenizing not included
  int threads = 0;
  Json hyperparameters;
};

/// The document, with CONTRACT's names (docs/files.md).
Json TrainingInfoJson(const TrainingInfo& info);

/// SHA-256 over labels and texts in their order.
std::string DataSha256(const Dataset& dataset);

}  // namespace winnow
