/// Which texts each step of an epoch trains on: the texts are shuffled and cut into batches, and consecutive batches
/// are grouped into steps (gradient accumulation). All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/text_set.h"
#include "train/trainer_options.h"

namespace winnow {

struct EpochPlan {
  std::vector<uint32_t> order;  ///< indices of all texts, shuffled
  std::vector<size_t> ends;     ///< for each batch, the place in `order` behind its last text
  int steps = 0;  ///< number of steps: groups of TrainerOptions::accumulation batches, the last may be smaller

  /// Returns the indices of the texts of a batch.
  std::span<const uint32_t> batch(size_t b) const {
    const size_t begin = b == 0 ? 0 : ends[b - 1];
    return std::span(order).subspan(begin, ends[b] - begin);
  }
};

/// Returns the plan of an epoch, which is counted from 1. Equal seeds, epochs and texts give equal plans.
EpochPlan PlanEpoch(const TrainerOptions& options, const TextSet& train, int epoch);

/// Returns the number of steps that TrainModel takes unless it stops early.
int TotalSteps(const TrainerOptions& options, const TextSet& train);

/// The largest numbers of texts and tokens of a batch, to estimate memory.
struct BatchBound {
  size_t texts = 0, tokens = 0;
};
BatchBound LargestBatch(const TrainerOptions& options, const TextSet& train);

}  // namespace winnow
