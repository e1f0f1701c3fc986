/// Files that make a directory look like a model.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.h"

namespace winnow {

/// The config.json of a classifier of the labels a and b, as Hugging Face writes it.
inline constexpr char kClassifierConfig[] =
    R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 40, "hidden_size": 24,
        "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 40, "max_position_embeddings": 32,
        "hidden_act": "gelu", "id2label": {"0": "a", "1": "b"}})";

/// The config.json of a base model, which has no labels.
inline std::string BaseModelConfig() {
  std::string base = kClassifierConfig;
  return base.replace(base.find("ForSequenceClassification"), 25, "Model");
}

/// Writes a file and the directories that it lies in.
inline void WriteModelFile(const std::filesystem::path& file, const std::string& text = "{}") {
  std::filesystem::create_directories(file.parent_path());
  ASSERT_TRUE(WriteFileAtomically(file, text));
}

}  // namespace winnow
