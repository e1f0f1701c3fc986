/// AdamW over all weights of a model, without touching token embeddings that no text has used.
///
/// Such a row has zero moments and zero gradient, so a dense AdamW would only multiply it by 1 - lr * decay, step by
/// step. All unused rows share that product: it is kept as one number and applied when a row is first used, or by
/// ApplyPendingDecay. The result is the dense one up to rounding: a product of n factors rounded once instead of n
/// times, n * 6e-8 relative at most.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "base/threads.h"
#include "encoder/gradients.h"
#include "encoder/model.h"

namespace winnow {

struct AdamWOptions {
  double weight_decay = .01;
  double beta1 = .9;
  double beta2 = .999;
  double epsilon = 1e-8;
  double head_lr_factor = 1.0;  ///< factor of the learning rate for the head; 1: none (Howard, Ruder 2018)
  /// Factor of the learning rate from each layer to the one below; the top layer has `lr` times it (Howard, Ruder
  /// 2018).
  double layer_lr_decay = 1.0;
  int frozen_depths = 0;  ///< number of depths (WeightInfo::depth) whose weights are not changed and have no moments
};

/// The optimizer of one model. Not thread-safe; it uses the pool itself.
class Optimizer {
 public:
  /// Creates an optimizer. `model` must be loaded writable. The arguments must outlive the optimizer.
  Optimizer(Model& model, const AdamWOptions& options, ThreadPool& pool);

  /// Returns the number of floats of the moments.
  static size_t Floats(const Layout& layout, int frozen_depths);

  /// Applies pending decay to the rows of these token embeddings. Called before a forward pass that reads them.
  void PrepareRows(std::span<const int32_t> ids);

  /// Takes one step: p -= lr * (moment estimates) after p *= 1 - lr * decay; gradients are multiplied by `grad_scale`
  /// first.
  void Step(const Gradients& gradients, double lr, double grad_scale);

  /// Applies the pending weight decay of rows that no text has used. Called before the model is evaluated or saved.
  void ApplyPendingDecay();

  /// Save writes, atomically, all state besides the weights that the next steps depend on, after ApplyPendingDecay;
  /// Load restores it for a model of this shape. Errors: kIo; kInvalidModel for a file that is damaged or of another
  /// model.
  Result<void> Save(const std::filesystem::path& file) const;
  Result<void> Load(const std::filesystem::path& file);

 private:
  /// A range of weights in the layout that are updated in the same way.
  struct Run {
    size_t begin, end;  // range in the layout
    size_t place;       // position of the first weight's moments
    bool decay;
    double lr_factor;
  };
  double LrFactor(int depth) const;

  Model& model_;
  AdamWOptions options_;
  ThreadPool& pool_;
  size_t width_;                // of an embedding
  size_t words_;                // floats of the token embeddings; none where they are frozen
  std::vector<Run> runs_;       // runs of matrices and vectors that are trained
  FloatBuffer first_, second_;  // moments of what learns, in the layout's order
  std::vector<uint8_t> used_;   // [vocabulary]
  std::vector<int32_t> used_ids_;
  double unused_decay_ = 1.0;
  int64_t steps_ = 0;
};

}  // namespace winnow
