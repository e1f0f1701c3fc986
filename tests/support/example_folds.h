/// The result of a cross-validation, made up.
#pragma once

#include <string>
#include <vector>

#include "evaluate/cross_validation.h"

namespace winnow {

/// The metrics of texts that alternate between the labels ham and spam, the first `wrong` of them decided wrongly.
inline Metrics MetricsWithErrors(size_t texts, size_t wrong) {
  const std::vector<std::string> labels = {"ham", "spam"};
  std::vector<float> probabilities;
  std::vector<int32_t> truth;
  for (size_t i = 0; i < texts; ++i) {
    truth.push_back(static_cast<int32_t>(i % 2));
    const bool spam = (i % 2 == 1) != (i < wrong);
    probabilities.push_back(spam ? 0.2f : 0.9f);
    probabilities.push_back(spam ? 0.8f : 0.1f);
  }
  return ComputeMetrics(probabilities, truth, labels, {.positive_label = 1}).value();
}

/// Three folds of 20 texts, of which 1, 2 and 6 are decided wrongly.
inline CrossValidation ExampleFolds() {
  CrossValidation result;
  for (const size_t wrong : {1u, 2u, 6u}) {
    result.folds.push_back(
        {.train = 70, .validation = 10, .best_epoch = 2, .seconds = 1.5, .metrics = MetricsWithErrors(20, wrong)});
  }
  result.pooled = MetricsWithErrors(60, 9);
  return result;
}

}  // namespace winnow
