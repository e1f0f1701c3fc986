/// Forward pass of a quantized model, from token ids to logits or to embeddings, as used to serve requests.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/mutex.h"
#include "base/threads.h"
#include "encoder/batch.h"
#include "encoder/quantized_model.h"
#include "encoder/team_policy.h"
#include "kernels/attention.h"

namespace winnow {

/// Threads that compute one range of texts together: each one computes a part of every product's columns and of the
/// rows in between. By default a single thread.
struct Team {
  int rank = 0;
  int size = 1;
  Barrier* barrier = nullptr;  ///< barrier of the `size` threads; unused by a single thread

  void Wait() const {
    if (size > 1) barrier->Wait();
  }
};

/// Memory for one range of texts, which grows to the largest prepared range and is reused.
class QuantizedScratch {
 public:
  struct Need {
    size_t tokens, texts;
    size_t longest;  // text, in tokens
  };
  void Prepare(const QuantizedModel& model, const Need& need, int team_size);

  FloatBuffer x;                       // [tokens, hidden]
  FloatBuffer embeddings;              // [tokens, embedding size] before their projection, where they need one
  FloatBuffer normed;                  // [tokens, hidden] x as the next layer reads it, where IsPreNorm
  AlignedBuffer<uint8_t> bytes;        // x's, or normed's
  AlignedBuffer<ByteScale> scales;     // x's
  FloatBuffer first_x, first_context;  // [texts, hidden]: of the last layer's first tokens
  FloatBuffer first_normed;            // [texts, hidden]: of normed
  FloatBuffer query;                   // [texts, block]
  AlignedBuffer<uint8_t> first_bytes;
  AlignedBuffer<ByteScale> first_scales;
  // Buffers of one panel:
  FloatBuffer qkv, context, product;   // [rows, 3 blocks], [rows, hidden], [rows, hidden]
  FloatBuffer up, gated;               // [rows, intermediate], where gated [rows, 2 intermediate] and the former
  AlignedBuffer<uint8_t> panel_bytes;  // as wide as a product's input can be
  AlignedBuffer<ByteScale> panel_scales;
  std::vector<AttentionScratch> attention;  // scratch by rank
};

/// What a pass computes of each text.
enum class PassOutput {
  kLogits,  ///< [labels] logits
  kMean,    ///< [hidden] mean of the last layer's output over all tokens of the text, special tokens included
};

/// Computes the output of these texts, a row for each; the row of a text does not depend on the range and the team.
/// `texts` must have passed CheckBatch; `scratch` must have been prepared by one thread of the team for at
/// least as many tokens and texts.
void QuantizedForward(const QuantizedModel& model, const PackedTexts& texts, size_t first_text, size_t last_text,
                      QuantizedScratch& scratch, const Team& team, PassOutput output, float* rows);

/// Runs batches of any size on a pool: many texts are distributed to the threads, few are computed by all of them
/// together, or by one of them where that is faster (encoder/team_policy.h). Thread-safe: a caller that finds the pool
/// busy computes on its own thread, with equal results.
class QuantizedRunner {
 public:
  /// Creates a runner; the arguments must outlive it.
  QuantizedRunner(const QuantizedModel& model, ThreadPool& pool);

  /// Computes the logits [texts, labels] in the order of the texts. `texts` must have passed CheckBatch. Allocates
  /// nothing once it has seen a batch of this size in each of its parts. `done`, if given, receives the number of
  /// finished texts at intervals, and stops the rest by returning false.
  void Logits(const PackedTexts& texts, std::span<float> logits, const std::function<bool(size_t done)>& done = {},
              PoolUse use = PoolUse::kIfFree) {
    Run(texts, PassOutput::kLogits, logits, done, use);
  }
  /// Computes PassOutput::kMean of the texts, [texts, hidden], in the same way.
  void Means(const PackedTexts& texts, std::span<float> means, const std::function<bool(size_t done)>& done = {},
             PoolUse use = PoolUse::kIfFree) {
    Run(texts, PassOutput::kMean, means, done, use);
  }

 private:
  struct Job;
  void Run(const PackedTexts& texts, PassOutput output, std::span<float> rows,
           const std::function<bool(size_t done)>& done, PoolUse use);
  void RunFew(Job& job, const QuantizedScratch::Need& need) REQUIRES(pool_mutex_);
  void ReserveForTeam() REQUIRES(pool_mutex_);
  void RunTogether(Job& job, const QuantizedScratch::Need& need) REQUIRES(pool_mutex_);
  void DealOut(Job& job, const QuantizedScratch::Need& need) REQUIRES(pool_mutex_);
  void RunParts(Job& job, QuantizedScratch& scratch);
  void RunAlone(Job& job, const QuantizedScratch::Need& need);

  const QuantizedModel& model_;
  ThreadPool& pool_;
  Mutex pool_mutex_;  // held by the caller that runs on the pool; others do not wait for it
  Barrier barrier_;
  /// One per thread of the pool; a team uses the first one.
  std::vector<QuantizedScratch> scratch_ GUARDED_BY(pool_mutex_);
  TeamPolicy policy_ GUARDED_BY(pool_mutex_);
  bool team_has_memory_ GUARDED_BY(pool_mutex_) = false;
  Mutex spare_mutex_;
  /// Memory for callers that found the pool busy.
  std::vector<std::unique_ptr<QuantizedScratch>> spare_ GUARDED_BY(spare_mutex_);
};

}  // namespace winnow
