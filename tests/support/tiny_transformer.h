/// A whole bundle of a transformer with random weights, sealed: what classifies and serves loads it like any other.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bundle/manifest.h"
#include "encoder/model.h"
#include "encoder/quantized_model.h"
#include "support/tiny_bundle.h"

namespace winnow {

/// Writes into `dir` a bundle that tells "spam", the positive label, from "ham"; with INT8 weights where `int8`.
inline void WriteTinyTransformer(const std::filesystem::path& dir, bool int8 = true,
                                 LongText long_text = LongText::kHead) {
  const std::vector<std::string> texts = {"win a prize now", "see you at six", "call me later", "free money"};
  const Model model = Model::Fresh(WriteTinyTokenizer(texts, dir), 3);
  ASSERT_TRUE(model.Save(dir));
  if (int8) {
    ASSERT_TRUE(WriteQuantizedWeights(model, {}, dir));
  }
  Manifest manifest;
  manifest.name = "spam";
  manifest.max_length = kTinyMaxLength;
  manifest.positive_label = "spam";
  manifest.long_text = long_text;
  ASSERT_TRUE(SealBundle(dir, manifest));
}

}  // namespace winnow
