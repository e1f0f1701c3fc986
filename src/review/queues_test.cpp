#include "review/queues.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace winnow {
namespace {

using testing::ElementsAre;

std::vector<uint32_t> ItemsOf(std::span<const QueuePlace> places) {
  std::vector<uint32_t> items;
  for (const QueuePlace& place : places) items.push_back(place.item);
  return items;
}

TEST(Queues, HaveNamesThatAreReadBack) {
  for (size_t q = 0; q < kQueues; ++q) EXPECT_EQ(ParseQueue(NameOf(static_cast<Queue>(q))), static_cast<Queue>(q));
  EXPECT_EQ(ParseQueue("best"), std::nullopt);
  EXPECT_TRUE(IsBlind(Queue::kAudit) && IsBlind(Queue::kDisagree));
  EXPECT_FALSE(IsBlind(Queue::kUnsure));
}

TEST(Queues, KeepARandomFifthForAudits) {
  const std::vector<uint32_t> order = RandomOrder(1000, 1);
  EXPECT_EQ(std::set<uint32_t>(order.begin(), order.end()).size(), 1000u);
  EXPECT_NE(order, RandomOrder(1000, 2));
  EXPECT_EQ(order, RandomOrder(1000, 1));
  EXPECT_EQ(AuditCount(1000), 200u);
  EXPECT_EQ(AuditCount(1), 1u);
}

TEST(Queues, KeepTheirOrderWhenTextsAreTakenAway) {
  const std::vector<uint32_t> all = RandomOrder(100, 1);
  const std::vector<size_t> removed = {0, 7, all[3], 99};
  std::vector<size_t> sorted(removed.begin(), removed.end());
  std::ranges::sort(sorted);
  std::vector<size_t> left;  // the numbers that the texts had
  for (size_t i = 0; i < 100; ++i) {
    if (!std::ranges::binary_search(sorted, i)) left.push_back(i);
  }
  const ReviewOrder order = OrderWithout(left.size(), sorted, 1);
  std::vector<size_t> before;
  for (const uint32_t item : order.items) before.push_back(left[item]);
  std::vector<size_t> expected(all.begin(), all.end());
  size_t audits = 20;
  for (size_t i = 0; i < 20; ++i) audits -= std::ranges::binary_search(sorted, size_t{all[i]}) ? 1 : 0;
  std::erase_if(expected, [&](size_t i) { return std::ranges::binary_search(sorted, i); });
  EXPECT_EQ(before, expected);
  EXPECT_EQ(order.audits, audits);
  EXPECT_EQ(OrderWithout(100, {}, 1).items, all);
  EXPECT_EQ(OrderWithout(100, {}, 1).audits, 20u);
}

TEST(Queues, EveryFifthTextIsRandom) {
  std::vector<QueuePlace> order;
  for (uint32_t i = 0; i < 8; ++i) order.push_back({i, Queue::kUnsure});
  const std::vector<uint32_t> audit = {100, 101, 102};
  EXPECT_THAT(ItemsOf(WithAudits(order, audit)), ElementsAre(0, 1, 2, 3, 100, 4, 5, 6, 7, 101, 102));
  EXPECT_THAT(ItemsOf(WithAudits({}, audit)), ElementsAre(100, 101, 102));
  // Twelve labels, two of them of audits: the next audit is due at the fifteenth.
  EXPECT_THAT(ItemsOf(WithAudits(std::span(order).first(4), audit, 12, 2)), ElementsAre(0, 1, 100, 2, 3, 101, 102));
  EXPECT_THAT(ItemsOf(WithAudits(std::span(order).first(2), audit, 15, 2)), ElementsAre(100, 0, 1, 101, 102));
}

TEST(Queues, AlternateWithoutRepeatingATextOrLosingOne) {
  const auto places = [](std::vector<uint32_t> items, Queue why) {
    std::vector<QueuePlace> list;
    for (const uint32_t item : items) list.push_back({item, why});
    return list;
  };
  const auto order = Alternate({places({0, 1, 2, 3, 4}, Queue::kUnsure), places({1, 9}, Queue::kSuspects)}, 10);
  EXPECT_THAT(ItemsOf(order), ElementsAre(0, 1, 9, 2, 3, 4));
  EXPECT_EQ(order[2].why, Queue::kSuspects);
}

TEST(Queues, UnsureTextsHaveTheSmallestMargins) {
  const std::vector<float> features = {1, 1, 1, 1}, probabilities = {.9f, .1f, .55f, .45f, .3f, .7f, .5f, .5f};
  const std::vector<uint32_t> candidates = {0, 1, 2};
  const RankingInput input{
      .features = {features, 1}, .probabilities = probabilities, .labels = 2, .candidates = candidates, .nearness = {}};
  EXPECT_THAT(UnsureOrder(input), ElementsAre(1, 2, 0)) << "text 3 is no candidate";
}

TEST(Queues, OutOfScopeTextsAreFarFromLabelledOnes) {
  const std::vector<float> features = {1, 1, 1}, nearness = {.9f, -.1f, .4f};
  const std::vector<uint32_t> candidates = {0, 1, 2};
  const RankingInput input{
      .features = {features, 1}, .probabilities = {}, .labels = 0, .candidates = candidates, .nearness = nearness};
  EXPECT_THAT(OutOfScopeOrder(input), ElementsAre(1, 2, 0));
}

TEST(Queues, NewClustersAreThoseWithoutALabelLargestFirst) {
  Clusters clusters;
  clusters.members = {{0, 1}, {4, 2, 3}, {5}};
  clusters.sizes = {2, 3, 1};
  clusters.cluster_of = {0, 0, 1, 1, 1, 2};
  std::vector<bool> labelled(6), candidate(6, true);
  EXPECT_THAT(NewClusterOrder(clusters, labelled, candidate), ElementsAre(4, 0, 5));
  labelled[3] = true;
  candidate[3] = candidate[0] = false;
  EXPECT_THAT(NewClusterOrder(clusters, labelled, candidate), ElementsAre(1, 5));
}

TEST(Clusters, SeparateWhatLiesApart) {
  std::vector<float> rows;
  for (int i = 0; i < 30; ++i) {
    for (int c = 0; c < 3; ++c) rows.push_back(c == i % 3 ? 1.0f : 0.0f);
  }
  const Clusters clusters = FindClusters({rows, 3}, 5, 1);
  EXPECT_EQ(clusters.members.size(), 3u) << "copies make no further cluster";
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(clusters.cluster_of[i], clusters.cluster_of[i % 3]);
  EXPECT_THAT(clusters.sizes, testing::Each(10u));
}

}  // namespace
}  // namespace winnow
