// Counts what the memory manager is asked for while texts are classified.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "classify/bundle_classifier.h"
#include "encoder/quantized_model.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

// glibc's own, under the names that remain when a program brings its own malloc.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {
std::atomic<long> allocations = 0;
}  // namespace

extern "C" {
void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}

namespace winnow {
namespace {

TEST(ClassifyAllocations, AreNoneOnceWarm) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "free money for you ";
  const std::vector<InputTextView> texts = {
      many, "win a prize now", "see you at six", "", "free money free money free", "call me later, \xFF naive 中文"};
  const TemporaryDirectory dir;
  std::vector<std::string> corpus;
  for (const InputTextView text : texts) corpus.emplace_back(text.joined());
  const Model model = Model::Fresh(WriteTinyTokenizer(corpus, dir.path()), 3);
  ASSERT_TRUE(WriteQuantizedWeights(model, {.bf16_layers = {false, true, false}}, dir.path()));

  for (const auto& [threads, long_text] : {std::pair(1, LongText::kHead), std::pair(2, LongText::kHead),
                                           std::pair(2, LongText::kHeadTail), std::pair(2, LongText::kWindows)}) {
    ThreadPool pool(threads);
    const auto classifier = BundleClassifier::Load(dir.path(), pool, Weights::kAuto, long_text);
    ASSERT_TRUE(classifier) << classifier.error().Text();
    std::vector<ClassifiedText> results, one;
    const auto classify_all = [&] {
      bool done = classifier->ClassifyInto(texts, {}, results).has_value();
      for (const InputTextView& text : texts) {
        done = classifier->ClassifyInto({&text, 1}, {}, one).has_value() && done;
      }
      return done;
    };
    bool done = classify_all();
    const long before = allocations;
    for (int repeat = 0; repeat < 50; ++repeat) done = classify_all() && done;
    EXPECT_EQ(allocations - before, 0) << threads << " threads";
    EXPECT_GT(before, 100) << "the counter counts";
    EXPECT_TRUE(done);
  }
}

}  // namespace
}  // namespace winnow
