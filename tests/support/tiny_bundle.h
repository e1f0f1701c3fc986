/// A directory that classifies: a tokenizer trained on some texts, and a random model that fits it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/tiny_model.h"
#include "tokenize/wordpiece_trainer.h"

namespace winnow {

constexpr int kTinyMaxLength = 24;  // tokens

/// TinyConfig with the vocabulary that `texts` give; the tokenizer's files and config.json are written into `dir`.
inline ModelConfig WriteTinyTokenizer(const std::vector<std::string>& texts, const std::filesystem::path& dir) {
  const Tokenizer tokenizer = TrainWordPiece(texts, {.vocab_size = 80}).value();
  ModelConfig config = TinyConfig();
  config.vocab_size = tokenizer.vocab_size();
  EXPECT_TRUE(tokenizer.Save(dir, kTinyMaxLength));
  EXPECT_TRUE(WriteModelConfig(dir, config));
  return config;
}

}  // namespace winnow
