// Counts what the memory manager is asked for while texts are scored.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "linear/linear_model.h"

namespace {
std::atomic<long> allocations = 0;
}  // namespace

// glibc's own, under the name that remains when a program brings its own malloc.
extern "C" void* __libc_malloc(size_t size);
extern "C" void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

namespace winnow {
namespace {

TEST(LinearAllocations, AreNoneOnceWarm) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "free money for you ";
  const std::vector<std::string_view> texts = {many, "win a prize now", "", "call me later, \xFF naive 中文"};
  for (const Analyzer analyzer : {Analyzer::kWord, Analyzer::kChar, Analyzer::kCharWb, Analyzer::kBoth}) {
    FeatureOptions options;
    options.analyzer = analyzer;
    ThreadPool pool(1);
    auto fitted = Vectorizer::Fit(texts, options, pool);
    ASSERT_TRUE(fitted);
    const size_t features = fitted->vectorizer.features();
    LinearWeights weights{features, 3, std::vector<float>(features * 3, 0.5f), {0, 0, 0}};
    const auto model = LinearModel::Make(fitted->vectorizer, std::move(weights), LinearKind::kLogistic, 3, false);
    ASSERT_TRUE(model);
    LinearModel::Scratch scratch;
    std::vector<float> logits(3);
    for (const std::string_view text : texts) model->Logits(text, scratch, logits);
    const long before = allocations;
    for (const std::string_view text : texts) model->Logits(text, scratch, logits);
    EXPECT_EQ(allocations, before);
  }
  const long before = allocations;
  std::free(std::malloc(100));
  EXPECT_GT(allocations, before) << "the count counts";
}

}  // namespace
}  // namespace winnow
