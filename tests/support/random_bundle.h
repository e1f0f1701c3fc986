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
#include "bundle/weight_names.h"
#include "support/temporary_directory.h"
#include "support/tiny_config.h"

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
    config = TinyConfig(architecture);
    config.vocab_size = 50;
    config.num_layers = 2;
    if (!config.local_layers.empty()) config.local_layers = {false, true};
    config.labels = {"ham", "spam", "other"};
    Fill();
  }

  /// Makes all tensors anew, for config's sizes.
  void Fill() {
    const WeightNames& names = WeightNamesOf(config.architecture);
    const int64_t h = config.hidden_size;
    const int64_t i = config.intermediate_size;
    const std::string prefix(names.prefix);
    tensors.clear();
    const int64_t e = EmbeddingSize(config);
    Add(prefix + std::string(names.words), {config.vocab_size, e});
    if (config.absolute_positions) Add(prefix + kPositionEmbeddings, {config.max_positions, e});
    if (config.type_vocab_size > 0) Add(prefix + kTypeEmbeddings, {config.type_vocab_size, e});
    if (IsPreNorm(config)) {
      FillPreNorm();
      return;
    }
    AddPair(prefix + std::string(names.embedding_norm), {e});
    if (config.bias_buckets > 0) Add(prefix + kAttentionBias, {config.bias_buckets, config.num_heads});
    if (config.embedding_size > 0) AddPair(std::string(names.project), {h, e});
    if (config.relative_span > 0) {
      Add(prefix + kRelativeEmbeddings, {2 * config.relative_span, h});
      AddPair(prefix + kRelativeNorm, {h});
    }
    for (int l = 0; l < NumLayerGroups(config); ++l) {
      const std::string layer = prefix + std::string(names.layer) + std::to_string(l) + ".";
      const auto add = [&](std::string_view name, const std::vector<int64_t>& shape) {
        AddPair(layer + std::string(name), shape);
      };
      for (const std::string_view name : {names.query, names.key, names.value, names.out}) add(name, {h, h});
      if (config.relative_span > 0 && !config.share_position_weights) {
        add(names.position_query, {h, h});
        add(names.position_key, {h, h});
      }
      add(names.attention_norm, {h});
      add(names.up, {i, h});
      add(names.down, {h, i});
      add(names.output_norm, {h});
    }
    AddPair(std::string(names.head_dense), {h, h});
    AddPair(std::string(names.classifier), {static_cast<int64_t>(config.labels.size()), h});
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
  /// ModernBERT's, beside the words.
  void FillPreNorm() {
    const WeightNames& names = WeightNamesOf(config.architecture);
    const int64_t h = config.hidden_size;
    const int64_t i = config.intermediate_size;
    const std::string prefix(names.prefix);
    Add(prefix + std::string(names.embedding_norm) + ".weight", {h});
    for (int l = 0; l < config.num_layers; ++l) {
      const std::string layer = prefix + std::string(names.layer) + std::to_string(l) + ".";
      const auto add = [&](std::string_view name, const std::vector<int64_t>& shape) {
        Add(layer + std::string(name) + ".weight", shape);
      };
      add(names.query, {3 * h, h});
      add(names.out, {h, h});
      if (l > 0) add(names.attention_norm, {h});
      add(names.up, {2 * i, h});
      add(names.down, {h, i});
      add(names.output_norm, {h});
    }
    Add(prefix + kFinalNorm + ".weight", {h});
    Add(std::string(names.head_dense) + ".weight", {h, h});
    Add(std::string(kHeadNorm) + ".weight", {h});
    AddPair(std::string(names.classifier), {static_cast<int64_t>(config.labels.size()), h});
  }

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
