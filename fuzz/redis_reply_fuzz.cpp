// Any bytes as what a Redis server sends, in pieces whose size the first byte sets.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "store/redis_reply.h"

namespace {

constexpr size_t kMostBytes = 512, kMostItems = 8;

void Check(const winnow::RedisReply& reply, bool nested) {
  if (reply.text.size() > 2 * kMostBytes || reply.items.size() > kMostItems) std::abort();
  if (nested && !reply.items.empty()) std::abort();
  for (const std::unique_ptr<winnow::RedisReply>& item : reply.items) {
    if (item != nullptr) Check(*item, /*nested=*/true);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = size_t{data[0]} + 1;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  winnow::RedisReplyReader reader(kMostBytes, kMostItems);
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, std::min(piece, bytes.size()));
    bytes.remove_prefix(next.size());
    if (!reader.Feed(next)) return 0;
    for (;;) {
      const auto reply = reader.Next();
      if (!reply) return 0;
      if (*reply == nullptr) break;
      Check(**reply, /*nested=*/false);
    }
  }
  return 0;
}
