/// A bundle of a linear model that looks at one word.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "linear/linear_model.h"

namespace winnow {

/// Texts with `word` have the label "spam" with the probability `spam`, texts of the word "hello" and words without a
/// feature with 1 - `spam`; otherwise the label is "ham". `dir` exists.
inline void WriteOneWordModel(const std::filesystem::path& dir, const std::string& name, const std::string& word,
                              double spam) {
  const auto logit = static_cast<float>(std::log(spam / (1 - spam)));
  FeatureParts parts;
  parts.names = {"hello", word};
  parts.idf = {1, 1};
  LinearWeights weights;
  weights.features = 2;
  weights.outputs = 1;
  weights.weights = {0, 2 * logit};
  weights.bias = {-logit};
  const auto model = LinearModel::Make(*Vectorizer::FromParts(parts), weights, LinearKind::kLogistic, 2, false);
  ASSERT_TRUE(model && model->Save(dir / kLinearFile));
  ASSERT_TRUE(WriteLabelsFile(dir / kLabelsFile, std::vector<std::string>{"ham", "spam"}));
  Manifest manifest;
  manifest.name = name;
  manifest.kind = "lr";
  manifest.positive_label = "spam";
  ASSERT_TRUE(SealBundle(dir, manifest));
}

}  // namespace winnow
