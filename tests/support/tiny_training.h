/// Trainings of a tiny model (support/tiny_model.h) that take a fraction of a second.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/threads.h"
#include "support/tiny_model.h"
#include "train/text_set.h"
#include "train/trainer.h"

namespace winnow {

/// Returns texts whose label is 1 if token 9 occurs in them, which a tiny model learns in a few epochs.
inline TextSet TinyTextSet(int count, int seed) {
  TextSet set;
  set.num_labels = 2;
  for (int t = 0; t < count; ++t) {
    std::vector<int32_t> ids = TinyText(3 + t % 9, seed + t);
    for (int32_t& id : ids) id = id == 9 ? 10 : id;
    const bool positive = (t * 7 + seed) % 3 == 0;
    if (positive) ids[1 + static_cast<size_t>(t) % (ids.size() - 2)] = 9;
    set.texts.Append(ids);
    set.labels.push_back(positive ? 1 : 0);
    set.rows.push_back(static_cast<size_t>(t) + 1);
  }
  return set;
}

/// Returns the options of six epochs, with a learning rate that suits a tiny model.
inline TrainerOptions QuickTraining() {
  TrainerOptions options;
  options.head_lr_factor = 1;
  options.epochs = 6;
  options.batch_size = 16;
  options.lr = 3e-3;
  return options;
}

/// Returns the shape of a tiny model without dropout, for comparisons of runs whose batches differ.
inline ModelConfig WithoutDropout() {
  ModelConfig config = TinyConfig();
  config.hidden_dropout = config.attention_dropout = config.classifier_dropout = 0;
  return config;
}

/// Trains the model and returns the loss of each step.
inline std::vector<double> Losses(Model& model, const TextSet& train, const TrainerOptions& options, ThreadPool& pool) {
  std::vector<double> losses;
  const auto result = TrainModel(model, train, TinyTextSet(30, 300), options, pool,
                                 {.on_step = [&](const StepReport& step) { losses.push_back(step.loss); },
                                  .on_evaluation = {},
                                  .on_checkpoint = {},
                                  .cancelled = {}});
  EXPECT_TRUE(result) << result.error().Text();
  return losses;
}

/// Returns the largest difference of a weight of two models, as a multiple of the largest weight.
inline double Distance(const Model& a, const Model& b) {
  const std::vector<float> x = AllWeights(a), y = AllWeights(b);
  double largest = 0, apart = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(x[i])));
    apart = std::max(apart, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  }
  return apart / largest;
}

}  // namespace winnow
