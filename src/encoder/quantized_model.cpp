#include "encoder/quantized_model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>

#include "base/json.h"
#include "base/mapped_memory.h"
#include "base/mutex.h"
#include "base/round_up.h"
#include "bundle/int4_rows.h"
#include "bundle/int8_rows.h"
#include "encoder/position_runs.h"
#include "encoder/quantized_reader.h"
#include "kernels/bf16.h"
#include "kernels/embedding.h"
#include "kernels/layer_norm.h"
#include "kernels/vector_ops.h"

namespace winnow {
namespace {

constexpr char kLabelsKey[] = "winnow.labels";

std::string LabelsText(const ModelConfig& config) { return DumpJsonLine(Json(config.labels)); }

/// How a weight is stored in the file.
enum class Storage { kInt4, kBytes, kBf16, kFloat };

bool IsAmong(const std::vector<bool>& layers, size_t l) { return l < layers.size() && layers[l]; }

Storage StorageOf(const Layout& layout, const WeightInfo& weight, const QuantizationPlan& plan) {
  if (weight.offset >= layout.vectors) return Storage::kFloat;
  const size_t columns = weight.count / static_cast<size_t>(weight.shape[0]);
  const auto small = [&](bool bf16, bool int8) {
    if (bf16) return Storage::kBf16;
    return plan.int4 && !int8 && columns % 2 == 0 ? Storage::kInt4 : Storage::kBytes;
  };
  if (weight.offset == layout.words) return small(plan.bf16_words, plan.int8_words);
  if (weight.head || (layout.project > 0 && weight.offset == layout.project))
    return plan.int4 ? Storage::kBytes : Storage::kBf16;
  for (size_t l = layout.layers.size(); l-- > 0;) {
    if (weight.offset < layout.layers[l].qkv) continue;
    return small(IsAmong(plan.bf16_layers, l), IsAmong(plan.int8_layers, l));
  }
  return weight.offset == layout.positions ? Storage::kBytes : Storage::kFloat;
}

/// The tensors of a file of quantized weights, and the memory of those whose values are not the model's own.
class QuantizedTensors {
 public:
  void Add(const WeightInfo& weight, const float* values, Storage storage) {
    switch (storage) {
      case Storage::kFloat:
        tensors_.push_back(ViewOf(weight.name, weight.shape, {values, weight.count}));
        return;
      case Storage::kBf16:
        return AddBf16(weight, values);
      case Storage::kBytes:
        return AddBytes(weight, values);
      case Storage::kInt4:
        return AddInt4(weight, values);
    }
  }
  const std::vector<TensorView>& views() const { return tensors_; }

 private:
  void AddBf16(const WeightInfo& weight, const float* values) {
    AlignedBuffer<uint16_t>& halves = halves_.emplace_back(weight.count);
    RoundToBf16(weight.count, values, halves.data());
    tensors_.push_back({weight.name, DType::kBF16, weight.shape, std::as_bytes(halves.span())});
  }

  void AddBytes(const WeightInfo& weight, const float* values) {
    const auto rows = static_cast<size_t>(weight.shape[0]);
    AlignedBuffer<int8_t>& bytes = bytes_.emplace_back(weight.count);
    FloatBuffer& scales = scales_.emplace_back(rows);
    RoundRowsToInt8(rows, weight.count / rows, values, bytes.data(), scales.data());
    tensors_.push_back({weight.name, DType::kI8, weight.shape, std::as_bytes(bytes.span())});
    AddScales(weight, scales);
  }

  void AddInt4(const WeightInfo& weight, const float* values) {
    const auto rows = static_cast<size_t>(weight.shape[0]);
    const size_t columns = weight.count / rows;
    AlignedBuffer<uint8_t>& nibbles = nibbles_.emplace_back(weight.count / 2);
    AlignedBuffer<int8_t>& block_scales = bytes_.emplace_back(rows * Int4Blocks(columns));
    FloatBuffer& scales = scales_.emplace_back(rows);
    RoundRowsToInt4(rows, columns, values, nibbles.data(), block_scales.data(), scales.data());
    const auto shape = [&](size_t width) { return std::vector{weight.shape[0], static_cast<int64_t>(width)}; };
    tensors_.push_back({weight.name, DType::kU8, shape(columns / 2), std::as_bytes(nibbles.span())});
    tensors_.push_back(
        {weight.name + kBlockScaleSuffix, DType::kI8, shape(Int4Blocks(columns)), std::as_bytes(block_scales.span())});
    AddScales(weight, scales);
  }

  void AddScales(const WeightInfo& weight, const FloatBuffer& scales) {
    tensors_.push_back(ViewOf(weight.name + kScaleSuffix, {weight.shape[0]}, scales.span()));
  }

  std::vector<TensorView> tensors_;
  std::vector<AlignedBuffer<uint16_t>> halves_;
  std::vector<AlignedBuffer<int8_t>> bytes_;
  std::vector<AlignedBuffer<uint8_t>> nibbles_;
  std::vector<FloatBuffer> scales_;
};

/// One layer's relative positions as RelativeHead has them, [2h, stride], from the normalized table [rows, h].
void ProjectPositions(const ProductInput& table, size_t rows, const PackedWeights& weights, const float* bias,
                      size_t hidden, size_t block, size_t stride, float* to) {
  FloatBuffer projected(rows * 2 * block);
  PackedProduct(rows, table, weights, 0, 2 * block, bias, Activation::kIdentity, projected.data(), 2 * block);
  for (size_t c = 0; c < hidden; ++c) {
    float* query = to + c * stride;
    float* key = to + (hidden + c) * stride;
    for (size_t r = 0; r < rows; ++r) {
      query[r] = projected.data()[r * 2 * block + c];
      key[rows - 1 - r] = projected.data()[r * 2 * block + block + c];
    }
  }
}

/// The first error of tasks that run at the same time.
class FirstError {
 public:
  void Note(Result<void> result) {
    if (result) return;
    const MutexLock lock(mutex_);
    if (!error_) error_ = std::move(result.error());
  }
  Result<void> Take() {
    const MutexLock lock(mutex_);
    if (error_) return std::unexpected(std::move(*error_));
    return {};
  }

 private:
  Mutex mutex_;
  std::optional<Error> error_ GUARDED_BY(mutex_);
};

}  // namespace

Result<void> WriteQuantizedWeights(const Model& model, const QuantizationPlan& plan, const std::filesystem::path& dir) {
  const Layout& layout = model.layout();
  const ModelConfig& config = model.config();
  if (static_cast<size_t>(std::max(config.hidden_size, config.intermediate_size)) > kMaxByteInputs) {
    return Fail(ErrorCode::kInvalidModel,
                "INT8 is not supported for this model: a layer has more than " + std::to_string(kMaxByteInputs) +
                    " inputs, so that sums of 32 bits could overflow",
                "use the float weights");
  }
  QuantizedTensors tensors;
  for (const WeightInfo& weight : layout.weights) {
    const float* values = weight.offset < layout.matrices ? model.words() : model.at(weight.offset);
    tensors.Add(weight, values, StorageOf(layout, weight, plan));
  }
  TRY(model.CheckFile());
  return WriteSafetensors(dir / kInt8Weights, tensors.views(), {{"format", "pt"}, {kLabelsKey, LabelsText(config)}});
}

Result<void> QuantizedModel::LoadLayers(const QuantizedReader& read, const Layout& layout, ThreadPool& pool) {
  const auto hidden = static_cast<size_t>(config_.hidden_size);
  const auto intermediate = static_cast<size_t>(config_.intermediate_size);
  const bool pre_norm = IsPreNorm(config_);
  const size_t up_rows = pre_norm ? 2 * intermediate : intermediate;
  const size_t block = qkv_block();
  groups_.resize(layout.groups.size());
  FirstError error;
  const auto load_matrix = [&](size_t task) -> Result<void> {
    const LayerLayout& from = layout.groups[task / 4];
    QuantizedLayer& to = groups_[task / 4];
    switch (task % 4) {
      case 0:
        to.qkv = TRY(read.Matrix(from.qkv, 3, hidden, hidden, block));
        break;
      case 1:
        to.out = TRY(read.Matrix(from.out, 1, hidden, hidden, hidden));
        break;
      case 2:
        to.up = TRY(read.Matrix(from.up, 1, up_rows, hidden, up_rows));
        break;
      case 3:
        to.down = TRY(read.Matrix(from.down, 1, hidden, intermediate, hidden));
        break;
    }
    return {};
  };
  std::atomic<size_t> next = 0;
  pool.Run([&](int) {
    for (size_t task; (task = next++) < 4 * layout.groups.size();) error.Note(load_matrix(task));
  });
  TRY(error.Take());
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const LayerLayout& from = layout.groups[g];
    QuantizedLayer& to = groups_[g];
    if (pre_norm) {
      if (g > 0) to.attention_gamma = TRY(read.Floats(from.attention_gamma));
      to.output_gamma = TRY(read.Floats(from.output_gamma));
      continue;
    }
    to.qkv_bias = TRY(read.Vectors(from.qkv_bias, 3, hidden, block));
    to.out_bias = TRY(read.Floats(from.out_bias));
    to.up_bias = TRY(read.Floats(from.up_bias));
    to.down_bias = TRY(read.Floats(from.down_bias));
    to.attention_gamma = TRY(read.Floats(from.attention_gamma));
    to.attention_beta = TRY(read.Floats(from.attention_beta));
    to.output_gamma = TRY(read.Floats(from.output_gamma));
    to.output_beta = TRY(read.Floats(from.output_beta));
  }
  return {};
}

Result<void> QuantizedModel::LoadEmbeddings(const QuantizedReader& read, const Layout& layout,
                                            const std::shared_ptr<const SafetensorsFile>& file) {
  const auto hidden = static_cast<size_t>(config_.hidden_size);
  const auto width = static_cast<size_t>(EmbeddingSize(config_));
  if (config_.embedding_size > 0) {
    project_ = TRY(read.FloatMatrix(layout.project, hidden, width));
    project_bias_ = TRY(read.Floats(layout.project_bias));
  }
  const WeightInfo& words = WeightAt(layout, layout.words);
  if (!TRY(read.IsOfBytes(words))) {
    float_words_ = TRY(read.Floats(layout.words));
  } else {
    word_scales_ = TRY(read.Scales(words));
    file_ = file;
    if (const Result<const TensorView*> bytes = read.Find(words); bytes) {
      words_ = reinterpret_cast<const int8_t*>((*bytes)->data.data());
    } else {
      expanded_words_.Resize(words.count);
      TRY(read.CopyBytes(words, static_cast<size_t>(words.shape[0]), width, expanded_words_.data()));
      words_ = expanded_words_.data();
    }
  }
  if (config_.absolute_positions) positions_ = TRY(read.Rows(layout.positions));
  if (config_.type_vocab_size > 0) {
    const FloatBuffer segments = TRY(read.Floats(layout.segments));
    if (positions_.size() == 0) {
      positions_.Resize(static_cast<size_t>(config_.max_positions) * width);
      positions_.Zero();
    }
    for (size_t i = 0; i < positions_.size(); i += width) {
      AddTo(width, segments.data(), positions_.data() + i);
    }
    if (config_.type_vocab_size > 1) {
      second_segment_.Resize(width);
      for (size_t i = 0; i < width; ++i) {
        second_segment_.data()[i] = segments.data()[width + i] - segments.data()[i];
      }
    }
  }
  return {};
}

Result<QuantizedModel> QuantizedModel::Load(const std::filesystem::path& dir, ModelConfig config, ThreadPool& pool) {
  const std::filesystem::path path = dir / kInt8Weights;
  auto file = std::make_shared<const SafetensorsFile>(TRY(SafetensorsFile::Open(path)));
  QuantizedModel model(std::move(config));
  const auto labels = file->metadata().find(kLabelsKey);
  if (labels == file->metadata().end() || labels->second != LabelsText(model.config_)) {
    return Fail(ErrorCode::kInvalidModel,
                path.string() + ": the labels in the file differ from those in config.json: " +
                    (labels == file->metadata().end() ? "the file contains no labels" : labels->second),
                "to create it again: winnow quantize " + dir.string());
  }
  const Layout layout(model.config_);
  const QuantizedReader read(*file, layout, path.string());
  const auto hidden = static_cast<size_t>(model.config_.hidden_size);
  TRY(model.LoadLayers(read, layout, pool));
  TRY(model.LoadEmbeddings(read, layout, file));
  if (model.config_.relative_span > 0) TRY(model.LoadRelativePositions(read, layout, pool));
  if (model.config_.bias_buckets > 0) {
    const FloatBuffer table = TRY(read.Floats(layout.attention_bias));
    model.position_bias_.Compute(model.config_, table.data(), static_cast<size_t>(MaxTokens(model.config_)));
  }
  model.embedding_gamma_ = TRY(read.Floats(layout.embedding_gamma));
  model.head_dense_ = TRY(read.FloatMatrix(layout.head_dense, hidden, hidden));
  if (IsPreNorm(model.config_)) {
    model.final_gamma_ = TRY(read.Floats(layout.final_gamma));
    model.head_gamma_ = TRY(read.Floats(layout.head_gamma));
    model.rotary_.Prepare(model.config_, static_cast<size_t>(MaxTokens(model.config_)));
  } else {
    model.embedding_beta_ = TRY(read.Floats(layout.embedding_beta));
    model.head_dense_bias_ = TRY(read.Floats(layout.head_dense_bias));
  }
  const size_t num_labels = model.config_.labels.size();
  model.classifier_ = TRY(read.FloatMatrix(layout.classifier, num_labels, hidden));
  model.classifier_bias_ = TRY(read.Floats(layout.classifier_bias));
  TRY(file->CheckFile());
  file->ReleaseMemory();
  return model;
}

Result<void> QuantizedModel::LoadRelativePositions(const QuantizedReader& read, const Layout& layout,
                                                   ThreadPool& pool) {
  const auto hidden = static_cast<size_t>(config_.hidden_size);
  const size_t block = qkv_block();
  relative_columns_ = RelativeColumns(config_, static_cast<size_t>(MaxTokens(config_)));
  const size_t rows = relative_columns_.width;
  relative_stride_ = RoundUp(rows, 16);
  const size_t layer_size = 2 * hidden * relative_stride_;
  relative_.Resize(num_layers() * layer_size + 16);  // kernels read a little beyond a row
  relative_.Zero();
  FloatBuffer table = TRY(read.Floats(layout.relative));
  const FloatBuffer gamma = TRY(read.Floats(layout.relative_gamma));
  const FloatBuffer beta = TRY(read.Floats(layout.relative_beta));
  float* first = table.data() + relative_columns_.first_row * hidden;
  AddLayerNorm(rows, hidden, {.x = first}, {gamma.data(), beta.data(), config_.layer_norm_eps}, first);
  AlignedBuffer<uint8_t> bytes(rows * ByteStride(hidden));
  AlignedBuffer<ByteScale> scales(rows);
  QuantizeRows(rows, hidden, first, bytes.data(), scales.data());
  const ProductInput input{bytes.data(), scales.data(), first};
  FirstError error;
  const auto project = [&](size_t l) -> Result<void> {
    const LayerLayout& from = layout.layers[l];
    float* to = relative_.data() + l * layer_size;
    if (config_.share_position_weights) {
      ProjectPositions(input, rows, layer(l).qkv, layer(l).qkv_bias.data(), hidden, block, relative_stride_, to);
      return {};
    }
    const PackedWeights weights = TRY(read.Matrix(from.relative, 2, hidden, hidden, block));
    const FloatBuffer bias = TRY(read.Vectors(from.relative_bias, 2, hidden, block));
    ProjectPositions(input, rows, weights, bias.data(), hidden, block, relative_stride_, to);
    return {};
  };
  std::atomic<size_t> next = 0;
  pool.Run([&](int) {
    for (size_t l; (l = next++) < num_layers();) error.Note(project(l));
  });
  return error.Take();
}

RelativeHead QuantizedModel::relative_head(size_t layer, size_t column) const {
  const auto hidden = static_cast<size_t>(config_.hidden_size);
  const float* query = relative_.data() + (layer * 2 * hidden + column) * relative_stride_;
  return {.query_t = query, .key_t = query + hidden * relative_stride_, .stride = relative_stride_};
}

size_t QuantizedModel::qkv_block() const { return RoundUp(static_cast<size_t>(config_.hidden_size), kColumnBlock); }

Result<void> QuantizedModel::CheckFile() const { return CheckMapped(word_scales_); }

void QuantizedModel::Embed(std::span<const int32_t> ids, size_t first_length, float* out) const {
  const auto width = static_cast<size_t>(EmbeddingSize(config_));
  ForEachPositionRun(config_, ids, [&](size_t begin, size_t count, size_t position) {
    const float* positions = positions_.size() == 0 ? nullptr : positions_.data() + position * width;
    if (words_ != nullptr) {
      EmbedTextOfBytes(count, width, ids.data() + begin, words_, word_scales_, positions, out + begin * width);
    } else {
      EmbedText(count, width, ids.data() + begin, float_words_.data(), positions, nullptr, out + begin * width);
    }
  });
  if (second_segment_.size() == 0) return;
  for (size_t t = first_length; t < ids.size(); ++t) AddTo(width, second_segment_.data(), out + t * width);
}

int QuantizedModel::bf16_layers() const {
  int count = 0;
  for (size_t l = 0; l < num_layers(); ++l) count += layer(l).qkv.of_bytes() ? 0 : 1;
  return count;
}

}  // namespace winnow
