#include "review/queues.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace winnow {
namespace {

constexpr std::array<std::string_view, kQueues> kNames = {"mixed",    "unsure", "disagree",     "contradict",
                                                          "suspects", "audit",  "out_of_scope", "new_cluster"};

/// Sorts items by ascending keys, which are by item.
std::vector<uint32_t> SortedBy(std::span<const uint32_t> items, const std::vector<float>& keys) {
  std::vector<uint32_t> order(items.begin(), items.end());
  std::ranges::stable_sort(order, {}, [&](uint32_t item) { return keys[item]; });
  return order;
}

}  // namespace

std::string_view NameOf(Queue queue) { return kNames[static_cast<size_t>(queue)]; }

std::optional<Queue> ParseQueue(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Queue>(found - kNames.begin());
}

bool IsBlind(Queue queue) { return queue == Queue::kAudit || queue == Queue::kDisagree; }

std::vector<uint32_t> RandomOrder(size_t count, uint64_t seed) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), uint32_t{0});
  Random(seed, "review").Shuffle(order);
  return order;
}

size_t AuditCount(size_t count) { return (count + kRandomEvery - 1) / kRandomEvery; }

ReviewOrder OrderWithout(size_t count, std::span<const size_t> removed, uint64_t seed) {
  const std::vector<uint32_t> all = RandomOrder(count + removed.size(), seed);
  const size_t audits = AuditCount(all.size());
  ReviewOrder order;
  order.items.reserve(count);
  for (size_t place = 0; place < all.size(); ++place) {
    const auto before = std::ranges::lower_bound(removed, all[place]);
    if (before != removed.end() && *before == all[place]) continue;
    order.items.push_back(all[place] - static_cast<uint32_t>(before - removed.begin()));
    if (place < audits) ++order.audits;
  }
  return order;
}

std::vector<uint32_t> UnsureOrder(const RankingInput& input) {
  std::vector<float> margins(input.features.rows(), 0);
  for (const uint32_t item : input.candidates) {
    float first = 0, second = 0;
    for (const float p : input.probabilities.subspan(item * input.labels, input.labels)) {
      if (p > first) {
        second = std::exchange(first, p);
      } else {
        second = std::max(second, p);
      }
    }
    margins[item] = first - second;
  }
  return SortedBy(input.candidates, margins);
}

std::vector<uint32_t> OutOfScopeOrder(const RankingInput& input) {
  return SortedBy(input.candidates, std::vector<float>(input.nearness.begin(), input.nearness.end()));
}

std::vector<uint32_t> NewClusterOrder(const Clusters& clusters, const std::vector<bool>& labelled,
                                      const std::vector<bool>& is_candidate) {
  std::vector<uint32_t> fresh;
  for (uint32_t cluster = 0; cluster < clusters.members.size(); ++cluster) {
    const bool known = std::ranges::any_of(clusters.members[cluster], [&](uint32_t item) { return labelled[item]; });
    if (!known) fresh.push_back(cluster);
  }
  std::ranges::stable_sort(fresh, std::greater(), [&](uint32_t cluster) { return clusters.sizes[cluster]; });
  std::vector<uint32_t> order;
  for (const uint32_t cluster : fresh) {
    const auto& members = clusters.members[cluster];
    const auto item = std::ranges::find_if(members, [&](uint32_t each) { return is_candidate[each]; });
    if (item != members.end()) order.push_back(*item);
  }
  return order;
}

size_t StartClusters(size_t labels) { return std::max<size_t>(20, labels * 5 / 2); }

std::vector<QueuePlace> WithAudits(std::span<const QueuePlace> order, std::span<const uint32_t> audit, size_t labelled,
                                   size_t audited) {
  std::vector<QueuePlace> mixed;
  mixed.reserve(order.size() + audit.size());
  // Audits beyond their share take nothing from later orders, and of missing ones only one is made up for at once.
  const size_t due = labelled / kRandomEvery;
  audited = std::clamp(audited, due - std::min<size_t>(due, 1), due);
  size_t drawn = 0;
  for (const QueuePlace& place : order) {
    while (drawn < audit.size() && (labelled + mixed.size() + 1) / kRandomEvery > audited + drawn) {
      mixed.push_back({audit[drawn++], Queue::kAudit});
    }
    mixed.push_back(place);
  }
  for (; drawn < audit.size(); ++drawn) mixed.push_back({audit[drawn], Queue::kAudit});
  return mixed;
}

std::vector<QueuePlace> QueueWithAudits(Queue queue, std::vector<QueuePlace> order, std::span<const uint32_t> audit,
                                        size_t labelled, size_t audited) {
  if (queue == Queue::kAudit || (order.empty() && queue != Queue::kMixed)) return order;
  std::vector<QueuePlace> places = WithAudits(order, audit, labelled, audited);
  if (queue == Queue::kMixed || queue == Queue::kUnsure) return places;
  while (!places.empty() && places.back().why == Queue::kAudit) places.pop_back();
  return places;
}

std::vector<QueuePlace> Alternate(const std::vector<std::vector<QueuePlace>>& lists, size_t items) {
  std::vector<QueuePlace> order;
  std::vector<bool> placed(items);
  std::vector<size_t> at(lists.size());
  const auto take = [&](size_t list) {
    while (at[list] < lists[list].size()) {
      const QueuePlace& place = lists[list][at[list]++];
      if (placed[place.item]) continue;
      placed[place.item] = true;
      order.push_back(place);
      return true;
    }
    return false;
  };
  for (bool found = true; found;) {
    found = false;
    for (size_t list = 0; list < lists.size(); ++list) {
      found |= take(list);
      if (list == 0) found |= take(list);
    }
  }
  return order;
}

}  // namespace winnow
