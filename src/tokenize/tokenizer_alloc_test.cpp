// Counts the calls of operator new while texts are tokenized.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tokenize/byte_level_bpe.h"
#include "tokenize/wordpiece_trainer.h"

// GCC pairs the library's operator new with free() where it inlines only one of the two below.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace {
std::atomic<long> allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace winnow {
namespace {

TEST(TokenizerAllocations, AreNoneOnceTheOutputHasGrown) {
  const std::vector<std::string> texts = {"Shall we meet at six? I'll bring the naïve Ωμέγα 中文 🙂",
                                          "WINNER!! Call 0808 157 now \xFF", std::string(5000, 'x'), "a,b;c(d)e"};
  const Tokenizer tokenizer = TrainWordPiece(texts, {.vocab_size = 60}).value();
  std::vector<int32_t> ids;
  for (const std::string& text : texts) tokenizer.Encode(text, 128, ids);  // meets every page of characters once
  const long before = allocations;
  for (int repeat = 0; repeat < 100; ++repeat) {
    ids.clear();
    for (const std::string& text : texts) tokenizer.Encode(text, 128, ids);
  }
  EXPECT_EQ(allocations - before, 0);
  EXPECT_GT(before, 0) << "the counter counts";
}

TEST(TokenizerAllocations, AreNoneForByteLevelBpeEither) {
  ByteLevelBpeParts parts;
  for (char c = 'a'; c <= 'z'; ++c) parts.pieces.emplace_back(1, c);
  parts.pieces.insert(parts.pieces.end(), {"ab", "Ġ", "Ġab"});
  parts.merges = {{"a", "b"}, {"Ġ", "ab"}};
  const auto model = ByteLevelBpe::Make(std::move(parts), "test").value();
  std::vector<int32_t> ids;
  ids.reserve(1000);
  const long before = allocations;
  model->Encode("abc ab éa\xFF  abab ", 0, 1000, ids, nullptr);
  EXPECT_EQ(allocations - before, 0);
  EXPECT_GT(ids.size(), 5u);
}

}  // namespace
}  // namespace winnow
