/// A bundle with random weights under Hugging Face's names and without a tokenizer, for tests of what reads
/// checkpoints.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/safetensors.h"
#include "support/temporary_directory.h"

namespace winnow {

/// A checkpoint in memory, to be changed before it is written.
struct RandomBundle {
  struct Tensor {
    std::vector<int64_t> shape;
    std::vector<float> values;
  };
  ModelConfig config;
  std::map<std::string, Tensor> tensors;

  explicit RandomBundle(Architecture architecture) {
    const bool bert = architecture == Architecture::kBert;
    config.architecture = architecture;
    config.vocab_size = 50;
    config.hidden_size = 24;
    config.num_layers = 2;
    config.num_heads = 4;
    config.intermediate_size = 40;
    config.max_positions = 32;
    config.type_vocab_size = bert ? 2 : 0;
    config.labels = {"ham", "spam", "other"};
    Fill();
  }

  /// Makes all tensors anew, for config's sizes.
  void Fill() {
    const bool bert = config.architecture == Architecture::kBert;
    const int64_t h = config.hidden_size;
    const int64_t i = config.intermediate_size;
    const std::string prefix = bert ? "bert." : "distilbert.";
    tensors.clear();
    Add(prefix + "embeddings.word_embeddings.weight", {config.vocab_size, h});
    Add(prefix + "embeddings.position_embeddings.weight", {config.max_positions, h});
    if (bert) Add(prefix + "embeddings.token_type_embeddings.weight", {config.type_vocab_size, h});
    AddPair(prefix + "embeddings.LayerNorm", {h});
    for (int l = 0; l < config.num_layers; ++l) {
      const std::string layer = prefix + (bert ? "encoder.layer." : "transformer.layer.") + std::to_string(l) + ".";
      const std::vector<std::string> names =
          bert ? std::vector<std::string>{"attention.self.query",
                                          "attention.self.key",
                                          "attention.self.value",
                                          "attention.output.dense",
                                          "attention.output.LayerNorm",
                                          "intermediate.dense",
                                          "output.dense",
                                          "output.LayerNorm"}
               : std::vector<std::string>{"attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin",
                                          "sa_layer_norm",   "ffn.lin1",        "ffn.lin2",        "output_layer_norm"};
      for (size_t n = 0; n < 4; ++n) AddPair(layer + names[n], {h, h});
      AddPair(layer + names[4], {h});
      AddPair(layer + names[5], {i, h});
      AddPair(layer + names[6], {h, i});
      AddPair(layer + names[7], {h});
    }
    AddPair(bert ? "bert.pooler.dense" : "pre_classifier", {h, h});
    AddPair("classifier", {static_cast<int64_t>(config.labels.size()), h});
  }

  /// Writes config.json, model.safetensors and labels.json into `dir`.
  Result<void> Write(const std::filesystem::path& dir) const {
    TRY(WriteModelConfig(dir, config));
    if (!config.labels.empty()) TRY(WriteLabelsFile(dir / "labels.json", config.labels));
    std::vector<TensorView> views;
    for (const auto& [name, tensor] : tensors) views.push_back(ViewOf(name, tensor.shape, tensor.values));
    return WriteSafetensors(dir / "model.safetensors", views);
  }

 private:
  void Add(const std::string& name, std::vector<int64_t> shape) {
    Random random(7, name);
    size_t count = 1;
    for (const int64_t size : shape) count *= static_cast<size_t>(size);
    Tensor& tensor = tensors[name];
    tensor.shape = std::move(shape);
    tensor.values.resize(count);
    for (float& value : tensor.values) value = static_cast<float>(random.Normal()) * 0.1f;
  }
  void AddPair(const std::string& name, const std::vector<int64_t>& shape) {
    Add(name + ".weight", shape);
    Add(name + ".bias", {shape.front()});
  }
};

}  // namespace winnow
