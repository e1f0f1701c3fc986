/// A bundle of a linear model that gives every text the same probability: whoever answers can be told by it.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "linear/linear_model.h"

namespace winnow {

/// Of "spam", whatever the text; of "ham" the rest. `dir` is made; files that are there are replaced.
inline void WriteTinyLinear(const std::filesystem::path& dir, const std::string& name, const std::string& version,
                            double spam) {
  std::filesystem::create_directories(dir);
  FeatureParts parts;
  parts.names = {"prize"};
  parts.idf = {1};
  LinearWeights weights;
  weights.features = weights.outputs = 1;
  weights.weights = {0};
  weights.bias = {static_cast<float>(std::log(spam / (1 - spam)))};
  const auto model = LinearModel::Make(*Vectorizer::FromParts(parts), weights, LinearKind::kLogistic, 2, false);
  ASSERT_TRUE(model && model->Save(dir / kLinearFile));
  ASSERT_TRUE(WriteLabelsFile(dir / kLabelsFile, std::vector<std::string>{"ham", "spam"}));
  Manifest manifest;
  manifest.name = name;
  manifest.version = version;
  manifest.kind = "lr";
  manifest.positive_label = "spam";
  ASSERT_TRUE(SealBundle(dir, manifest));
}

}  // namespace winnow
