#include "server/growing_buckets.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

namespace winnow {
namespace {

struct Node {
  uint64_t hash;
  Node* next;
};

size_t CountIn(GrowingBuckets<Node>& buckets, uint64_t hash) {
  size_t count = 0;
  for (const Node* node = buckets.Of(hash); node != nullptr; node = node->next) count += node->hash == hash ? 1 : 0;
  return count;
}

TEST(GrowingBuckets, NodesStayInTheBucketOfTheirHashWhileBucketsSplit) {
  for (const size_t most : {size_t{1}, size_t{16}, size_t{512}, size_t{8192}}) {
    GrowingBuckets<Node> buckets(most);
    std::vector<std::unique_ptr<Node>> nodes;
    for (uint64_t i = 0; i < 3000; ++i) {
      const uint64_t hash = i / 2 * 0x9E3779B97F4A7C15ull >> 7;  // each one twice
      nodes.push_back(std::make_unique<Node>(Node{hash, buckets.Of(hash)}));
      buckets.Of(hash) = nodes.back().get();
      buckets.GrowTowards(2 * nodes.size());
      if (i % 100 != 99) continue;
      for (const auto& node : nodes) ASSERT_EQ(CountIn(buckets, node->hash), 2u) << most << ", " << i;
    }
    EXPECT_EQ(buckets.size(), std::min<size_t>(most, 6000));
    std::map<Node**, size_t> load;
    for (const auto& node : nodes) ++load[&buckets.Of(node->hash)];
    if (most == 8192) {
      EXPECT_GT(load.size(), 1000u) << "nodes are spread";
    }
  }
}

TEST(GrowingBuckets, TakeMemoryAsTheyGrow) {
  constexpr size_t kMost = size_t{1} << 20;
  GrowingBuckets<Node> buckets(kMost);
  EXPECT_LT(buckets.bytes(), GrowingBuckets<Node>::MostBytes(kMost) / 100);
  for (size_t i = 0; i < kMost; ++i) buckets.GrowTowards(kMost);
  EXPECT_EQ(buckets.size(), kMost);
  EXPECT_EQ(buckets.bytes(), GrowingBuckets<Node>::MostBytes(kMost));
}

}  // namespace
}  // namespace winnow
