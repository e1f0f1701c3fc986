#include "drift/label_distance.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/random.h"
#include "drift/effect_size.h"

namespace winnow {
namespace {

using Labels = std::vector<int32_t>;

constexpr size_t kPermutations = 199;
constexpr size_t kExceeding = 2;  // of 200: 1 %

void Count(const Labels& decision, std::vector<double>& counts) {
  for (const int32_t label : decision) ++counts[static_cast<size_t>(label)];
}

std::vector<double> Shares(std::vector<double> counts, size_t texts) {
  for (double& count : counts) count /= static_cast<double>(texts);
  return counts;
}

double DistanceOf(const std::vector<double>& first, const std::vector<double>& second, bool multi_label) {
  if (!multi_label) return TotalVariation(first, second);
  double most = 0;
  for (size_t i = 0; i < first.size(); ++i) most = std::max(most, std::abs(first[i] - second[i]));
  return most;
}

}  // namespace

LabelDistance CompareDecisions(std::span<const Labels> reference, std::span<const Labels> current, size_t labels,
                               bool multi_label, uint64_t seed) {
  std::vector<double> before(labels, 0), now(labels, 0);
  std::vector<const Labels*> pooled;
  pooled.reserve(reference.size() + current.size());
  for (const Labels& decision : reference) Count(decision, before), pooled.push_back(&decision);
  for (const Labels& decision : current) Count(decision, now), pooled.push_back(&decision);
  LabelDistance distance{.reference = Shares(before, reference.size()), .current = Shares(now, current.size())};
  distance.value = DistanceOf(distance.reference, distance.current, multi_label);

  // The smaller sample is drawn; the larger one has the rest.
  const size_t drawn = std::min(reference.size(), current.size()), rest = pooled.size() - drawn;
  std::vector<double> values(kPermutations);
  Random random(seed, "drift: permutations of the decisions");
  for (double& value : values) {
    std::vector<double> of_drawn(labels, 0), of_rest(labels, 0);
    for (size_t i = 0; i < drawn; ++i) {
      std::swap(pooled[i], pooled[i + random.Below(static_cast<uint32_t>(pooled.size() - i))]);
      Count(*pooled[i], of_drawn);
    }
    for (size_t label = 0; label < labels; ++label) of_rest[label] = before[label] + now[label] - of_drawn[label];
    value = DistanceOf(Shares(std::move(of_drawn), drawn), Shares(std::move(of_rest), rest), multi_label);
  }
  std::ranges::nth_element(values, values.begin() + (kExceeding - 1), std::greater<>());
  distance.chance = values[kExceeding - 1];
  return distance;
}

}  // namespace winnow
