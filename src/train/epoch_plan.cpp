#include "train/epoch_plan.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>

#include "base/random.h"

namespace winnow {

EpochPlan PlanEpoch(const TrainerOptions& options, const TextSet& train, int epoch) {
  EpochPlan plan;
  plan.order.resize(train.size());
  std::iota(plan.order.begin(), plan.order.end(), 0u);
  Random(options.seed, "epoch " + std::to_string(epoch)).Shuffle(plan.order);
  const PackedTexts texts = train.texts.view();
  size_t in_batch = 0, tokens = 0;
  for (size_t i = 0; i < plan.order.size(); ++i) {
    const size_t length = texts.length(plan.order[i]);
    const bool full = options.batch_tokens > 0 ? tokens + length > static_cast<size_t>(options.batch_tokens)
                                               : in_batch == static_cast<size_t>(options.batch_size);
    if (full && in_batch > 0) {
      plan.ends.push_back(i);
      in_batch = tokens = 0;
    }
    ++in_batch;
    tokens += length;
  }
  plan.ends.push_back(plan.order.size());
  const auto each = static_cast<size_t>(options.accumulation);
  plan.steps = static_cast<int>((plan.ends.size() + each - 1) / each);
  return plan;
}

int TotalSteps(const TrainerOptions& options, const TextSet& train) {
  if (options.max_steps > 0) return options.max_steps;
  if (options.batch_tokens == 0) {  // each epoch has the same number of steps
    const auto step = static_cast<size_t>(options.batch_size) * static_cast<size_t>(options.accumulation);
    return static_cast<int>((train.size() + step - 1) / step) * options.epochs;
  }
  int total = 0;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) total += PlanEpoch(options, train, epoch).steps;
  return total;
}

BatchBound LargestBatch(const TrainerOptions& options, const TextSet& train) {
  std::vector<size_t> lengths;
  for (size_t t = 0; t < train.size(); ++t) lengths.push_back(train.texts.view().length(t));
  std::ranges::sort(lengths, std::greater());
  if (options.batch_tokens > 0) {
    const auto budget = static_cast<size_t>(options.batch_tokens);
    const size_t shortest = std::max<size_t>(lengths.empty() ? 1 : lengths.back(), 1);
    return {.texts = std::min(train.size(), budget / shortest + 1),
            .tokens = std::max(budget, lengths.empty() ? 0 : lengths.front())};
  }
  lengths.resize(std::min(lengths.size(), static_cast<size_t>(options.batch_size)));
  return {.texts = lengths.size(), .tokens = std::accumulate(lengths.begin(), lengths.end(), size_t{0})};
}

}  // namespace winnow
