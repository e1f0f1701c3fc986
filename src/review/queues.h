/// The queues of a review: which text is labelled next, and why (docs/adr/058).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "review/clusters.h"
#include "review/dense_head.h"

namespace winnow {

enum class Queue {
  kMixed,       ///< what teaches the head most, and what else is worth a look
  kUnsure,      ///< texts between whose labels the head wavers
  kDisagree,    ///< texts that two models decide differently; blind
  kContradict,  ///< texts that users have judged differently
  kSuspects,    ///< texts whose label in the data a model doubts that was fitted without them
  kAudit,       ///< texts drawn at random, blind: what the head is measured on
  kOutOfScope,  ///< texts unlike all that are labelled
  kNewCluster,  ///< groups of texts of which none is labelled
};
inline constexpr size_t kQueues = 8;

/// Returns the name in requests: "out_of_scope".
std::string_view NameOf(Queue queue);
std::optional<Queue> ParseQueue(std::string_view name);
/// Returns true if texts of the queue are shown without a suggestion.
bool IsBlind(Queue queue);

/// A place in a queue: a text, and the queue that it is there for.
struct QueuePlace {
  uint32_t item = 0;
  Queue why = Queue::kUnsure;
};

/// Every fifth text of a queue is one drawn at random.
inline constexpr size_t kRandomEvery = 5;

/// Returns `count` texts' random order. Its first fifth is kept for audits: the other queues leave these texts alone,
/// so that those labelled of it are a sample of the whole pool and not of what the queues have left over.
std::vector<uint32_t> RandomOrder(size_t count, uint64_t seed);
size_t AuditCount(size_t count);

/// A random order of texts, of which those at its beginning are kept for audits.
struct ReviewOrder {
  std::vector<uint32_t> items;
  size_t audits = 0;
};

/// Returns the order of `count` texts that are left when those with the numbers `removed`, ascending and counted among
/// all, were taken away: that of all texts without them. So a text that was kept for audits stays so, and no other
/// becomes one.
ReviewOrder OrderWithout(size_t count, std::span<const size_t> removed, uint64_t seed);

/// What an order by a head is computed from.
struct RankingInput {
  DenseRows features;                    ///< [items, columns]
  std::span<const float> probabilities;  ///< [items, labels]
  size_t labels = 0;
  std::span<const uint32_t> candidates;  ///< items that have no label and are not kept for audits
  std::span<const float> nearness;       ///< [items] the greatest cosine with a labelled text
};

/// Orders candidates by what their labels would teach: the smallest margin between the two most probable labels first
/// (Scheffer, Decomain, Wrobel 2001).
std::vector<uint32_t> UnsureOrder(const RankingInput& input);

/// Orders candidates by how unlike the labelled texts they are.
std::vector<uint32_t> OutOfScopeOrder(const RankingInput& input);

/// Returns the most typical text of each cluster without a labelled text, the largest cluster first. `labelled` is
/// [items], `is_candidate` [items].
std::vector<uint32_t> NewClusterOrder(const Clusters& clusters, const std::vector<bool>& labelled,
                                      const std::vector<bool>& is_candidate);

/// Returns the number of clusters that are looked at before anything else: 20, or two and a half per label.
size_t StartClusters(size_t labels);

/// Puts a text of `audit` at every fifth place of an order, and the rest of them at its end. The places are counted
/// from the `labelled` texts before the order, of which `audited` were audits: so that a new order continues where the
/// last one was broken off.
std::vector<QueuePlace> WithAudits(std::span<const QueuePlace> order, std::span<const uint32_t> audit,
                                   size_t labelled = 0, size_t audited = 0);

/// Alternates between several lists, of which the first one gets two places of each round, and keeps the first place of
/// each text.
std::vector<QueuePlace> Alternate(const std::vector<std::vector<QueuePlace>>& lists, size_t items);

}  // namespace winnow
