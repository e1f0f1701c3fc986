#include "encoder/relative_positions.h"

#include <algorithm>

#include "base/round_up.h"
#include "bundle/relative_row.h"
#include "encoder/forward.h"
#include "kernels/layer_norm.h"
#include "kernels/vector_ops.h"

namespace winnow {
namespace {

constexpr size_t kSlack = 16;  // floats that kernels may read beyond a row

/// to[r] = from[rows - 1 - r], rows of n floats.
void ReverseRows(size_t rows, size_t n, const float* from, float* to) {
  for (size_t r = 0; r < rows; ++r) std::copy_n(from + (rows - 1 - r) * n, n, to + r * n);
}

}  // namespace

RelativeColumns::RelativeColumns(const ModelConfig& config, size_t longest) : longest(longest) {
  const int last = static_cast<int>(longest) - 1;
  const int first = RelativeRow(config, -last);
  first_row = static_cast<size_t>(first);
  width = static_cast<size_t>(RelativeRow(config, last) - first + 1);
  linear = static_cast<size_t>(config.relative_buckets > 0 ? config.relative_buckets / 2 : config.relative_span - 1);
  of_distance.reserve(2 * longest - 1);
  for (int d = -last; d <= last; ++d) of_distance.push_back(RelativeRow(config, d) - first);
}

size_t RelativePositions::Floats(const ModelConfig& config, size_t longest, int threads) {
  const auto hidden = static_cast<size_t>(config.hidden_size);
  const size_t width = std::min(2 * longest, 2 * static_cast<size_t>(config.relative_span));
  return width * hidden * (7 + 2 * static_cast<size_t>(config.num_layers) + 2 * static_cast<size_t>(threads));
}

const float* RelativePositions::Ascending(const StepDropout& dropout, const ModelConfig& config, size_t layer) {
  const Dropout mask = dropout.At(config, StepDropout::kPosition, layer);
  if (!mask.active()) return rows_.data();
  std::copy_n(rows_.data(), columns_.width * hidden_, ascending_.data());
  // Rows are numbered by the table, so that what a batch's longest text is changes no mask.
  ApplyDropout(mask, columns_.first_row, columns_.width, hidden_, ascending_.data());
  return ascending_.data();
}

void RelativePositions::Compute(const Model& model, size_t longest, const StepDropout& dropout,
                                const MatMulOptions& products, bool keep, ThreadPool& pool) {
  const ModelConfig& config = model.config();
  const Layout& layout = model.layout();
  columns_ = RelativeColumns(config, longest);
  hidden_ = static_cast<size_t>(config.hidden_size);
  const size_t width = columns_.width;
  stride_ = RoundUp(width, 16);
  rows_.Resize(width * hidden_);
  ascending_.Resize(width * hidden_);
  descending_.Resize(width * hidden_);
  NormalizedRows kept;
  if (keep) {
    normal_.Resize(width * hidden_);
    rstd_.Resize(width);
    kept = {normal_.data(), rstd_.data()};
  }
  AddLayerNorm(width, hidden_, {.x = model.at(layout.relative) + columns_.first_row * hidden_},
               {model.at(layout.relative_gamma), model.at(layout.relative_beta), config.layer_norm_eps}, rows_.data(),
               kept);
  const size_t layer_size = 2 * hidden_ * stride_;
  projected_.Resize(layout.layers.size() * layer_size + kSlack);
  projected_.Zero();
  for (size_t l = 0; l < layout.layers.size(); ++l) {
    const float* ascending = Ascending(dropout, config, l);
    ReverseRows(width, hidden_, ascending, descending_.data());
    const LayerLayout& weights = layout.layers[l];
    float* to = projected_.data() + l * layer_size;
    pool.ForRanges(2 * hidden_, 16, [&](size_t begin, size_t end, int) {
      const auto project = [&](size_t first, size_t last, const float* rows) {
        if (first >= last) return;
        MatMulNT(last - first, width, hidden_, model.at(weights.relative) + first * hidden_, hidden_, rows, hidden_,
                 0.0f, to + first * stride_, stride_, products);
        for (size_t r = first; r < last; ++r) {
          const float bias = model.at(weights.relative_bias)[r];
          for (size_t i = 0; i < width; ++i) to[r * stride_ + i] += bias;
        }
      };
      project(begin, std::min(end, hidden_), ascending);
      project(std::max(begin, hidden_), end, descending_.data());
    });
  }
}

RelativeHead RelativePositions::Head(size_t layer, size_t column) const {
  const float* query = projected_.data() + (layer * 2 * hidden_ + column) * stride_;
  return {.query_t = query, .key_t = query + hidden_ * stride_, .stride = stride_};
}

void RelativePositions::BeginBackward(ThreadPool& pool) {
  grads_.resize(static_cast<size_t>(pool.size()));
  for (FloatBuffer& each : grads_) each.Resize(2 * hidden_ * stride_);
  row_grads_.Resize(columns_.width * hidden_);
  row_grads_.Zero();
  layer_row_grads_.Resize(2 * columns_.width * hidden_);
}

void RelativePositions::BeginLayer(ThreadPool& pool) {
  pool.Run([&](int thread) { grads_[static_cast<size_t>(thread)].Zero(); });
}

void RelativePositions::EndLayer(const Model& model, size_t layer, const StepDropout& dropout,
                                 const MatMulOptions& products, bool of_table, Gradients& gradients, ThreadPool& pool) {
  const ModelConfig& config = model.config();
  const LayerLayout& weights = model.layout().layers[layer];
  const size_t width = columns_.width;
  const float* ascending = Ascending(dropout, config, layer);
  ReverseRows(width, hidden_, ascending, descending_.data());
  // The words' query and key weights have their part of the gradient already; weights of positions alone have none.
  const float add = config.share_position_weights || gradients.accumulates() ? 1.0f : 0.0f;
  float* sum = grads_[0].data();
  pool.ForRanges(2 * hidden_, 16, [&](size_t begin, size_t end, int) {
    for (size_t t = 1; t < grads_.size(); ++t) {
      AddTo((end - begin) * stride_, grads_[t].data() + begin * stride_, sum + begin * stride_);
    }
    const auto weight = [&](size_t first, size_t last, const float* rows) {
      if (first >= last) return;
      MatMulNN(last - first, hidden_, width, sum + first * stride_, stride_, rows, hidden_, add,
               gradients.at(weights.relative) + first * hidden_, hidden_, products);
    };
    weight(begin, std::min(end, hidden_), ascending);
    weight(std::max(begin, hidden_), end, descending_.data());
  });
  float* bias = gradients.vector_at(0, weights.relative_bias);
  for (size_t r = 0; r < 2 * hidden_; ++r) {
    for (size_t i = 0; i < width; ++i) bias[r] += sum[r * stride_ + i];
  }
  if (!of_table) return;
  float* of_query = layer_row_grads_.data();
  float* of_key = of_query + width * hidden_;
  pool.ForRanges(width, 8, [&](size_t begin, size_t end, int) {
    const float* matrix = model.at(weights.relative);
    MatMulTN(end - begin, hidden_, hidden_, sum + begin, stride_, matrix, hidden_, 0.0f, of_query + begin * hidden_,
             hidden_, products);
    MatMulTN(end - begin, hidden_, hidden_, sum + hidden_ * stride_ + begin, stride_, matrix + hidden_ * hidden_,
             hidden_, 0.0f, of_key + begin * hidden_, hidden_, products);
  });
  for (size_t r = 0; r < width; ++r) AddTo(hidden_, of_key + (width - 1 - r) * hidden_, of_query + r * hidden_);
  const Dropout mask = dropout.At(config, StepDropout::kPosition, layer);
  if (mask.active()) ApplyDropout(mask, columns_.first_row, width, hidden_, of_query);
  AddTo(width * hidden_, of_query, row_grads_.data());
}

void RelativePositions::EndBackward(const Model& model, Gradients& gradients) {
  const Layout& layout = model.layout();
  AddLayerNormBackward(columns_.width, hidden_, row_grads_.data(), {normal_.data(), rstd_.data()},
                       model.at(layout.relative_gamma),
                       {gradients.vector_at(0, layout.relative_gamma), gradients.vector_at(0, layout.relative_beta)});
  float* table = gradients.at(layout.relative);
  if (!gradients.accumulates()) {
    std::fill_n(table, 2 * static_cast<size_t>(model.config().relative_span) * hidden_, 0.0f);
  }
  AddTo(columns_.width * hidden_, row_grads_.data(), table + columns_.first_row * hidden_);
}

}  // namespace winnow
