#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "bundle/directory.h"
#include "encoder/model.h"
#include "server/model_set.h"
#include "support/model_set_fixture.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(ModelSetTest, TheLeastRecentlyUsedModelIsEvictedAtTheMemoryLimit) {
  for (const char* name : {"a", "b", "c"}) Write(name, name, "1.0.0", .6);
  const uint64_t each = ReadBundleSummary(Path("a")).value().memory_bytes;
  ModelSetOptions options;
  options.max_memory_bytes = 2 * each + each / 2;
  options.memory_patience = std::chrono::minutes(5);  // a slow machine waits for what was evicted, too
  const auto set = Open({"a", "b", "c"}, options);
  EXPECT_EQ(set->counts().loaded, 2u) << "the third has no room at the start";
  Score(*set, "b");
  Score(*set, "a");
  EXPECT_NEAR(Score(*set, "c"), .6, 1e-6);
  EXPECT_EQ(ByDirectory(*set)["b"].state, ModelState::kUnloaded);
  EXPECT_EQ(ByDirectory(*set)["a"].state, ModelState::kLoaded);
  EXPECT_EQ(set->counts().evictions, 1u);
  EXPECT_LE(set->counts().memory_bytes, options.max_memory_bytes);
  for (int i = 0; i < 9; ++i) EXPECT_NEAR(Score(*set, std::string(1, static_cast<char>('a' + i % 3))), .6, 1e-6);
  EXPECT_EQ(set->counts().loaded, 2u);
}

TEST_F(ModelSetTest, AnEvictedModelCountsUntilItsLastRequestEnds) {
  for (const char* name : {"a", "b"}) Write(name, name, "1.0.0", .6);
  const uint64_t each = ReadBundleSummary(Path("a")).value().memory_bytes;
  ModelSetOptions options;
  options.max_memory_bytes = each + each / 2;
  options.memory_patience = std::chrono::milliseconds(1);
  const auto set = Open({"a", "b"}, options);
  Found held = Use(*set, "a");
  EXPECT_NEAR(Score(*set, "b"), .6, 1e-6) << "rather too much memory than no answer";
  EXPECT_EQ(set->counts().memory_bytes, 2 * each);
  EXPECT_NEAR(Score(held), .6, 1e-6);
  held = std::unexpected(ApiError());
  while (set->counts().memory_bytes > each) std::this_thread::yield();
}

TEST_F(ModelSetTest, AModelThatIsTooLargeIsRefused) {
  Write("a", "a", "1.0.0", .6);
  Write("b", "b", "1.0.0", .6);
  ModelSetOptions options;
  options.lazy = true;
  options.max_memory_bytes = ReadBundleSummary(Path("a")).value().memory_bytes - 1;
  const auto set = Open({"a", "b"}, options);
  EXPECT_THAT(Use(*set, "a").error().message, HasSubstr("memory"));
}

TEST_F(ModelSetTest, ManyTextsOfALinearModelAreQueuedAndGetTheSameAnswers) {
  Write("a", "a", "1.0.0", .4);
  const auto set = Open({"a"});
  const Found model = Use(*set, "a");
  for (const Mode mode : {Mode::kStrict, Mode::kModerate}) {
    for (const size_t texts : {32u, 33u}) {
      std::promise<std::vector<ClassifiedText>> promise;
      (*model)->Classify({.texts = std::vector<InputText>(texts, "a prize"), .options = {.mode = mode}},
                         [&](const auto& results, const auto&) { promise.set_value(results.value()); });
      const std::vector<ClassifiedText> results = promise.get_future().get();
      ASSERT_EQ(results.size(), texts);
      for (const ClassifiedText& result : results) {
        EXPECT_NEAR(result.probabilities[1], .4, 1e-6);
        EXPECT_EQ(result.decision.label, mode == Mode::kStrict ? 1 : 0);
      }
    }
  }
  EXPECT_EQ((*model)->counts().texts, 2u * 33u) << "few are classified at once";
}

TEST_F(ModelSetTest, AModelMayBeReleasedByItsOwnWorkerThread) {
  Write("a", "a", "1.0.0", .6);
  const auto set = Open({"a"});
  std::promise<void> unloaded, answered;
  const auto released = unloaded.get_future().share();
  {
    Found model = Use(*set, "a");
    const ServedModel& served = **model;
    served.Classify({.texts = std::vector<InputText>(100, "a")},
                    [&, released, model](const auto& results, const auto&) {
                      released.wait();
                      EXPECT_TRUE(results && model);
                      answered.set_value();
                    });
  }
  EXPECT_EQ(Unload(*set, "a"), 200);
  unloaded.set_value();
  answered.get_future().get();
  while (set->counts().memory_bytes > 0) std::this_thread::yield();
}

TEST_F(ModelSetTest, ClosingTheSetAnswersThoseWhoWaitForALoadThread) {
  for (int i = 0; i < 20; ++i) Write("m" + std::to_string(i), "m" + std::to_string(i), "1.0.0", .6);
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i) all.push_back("m" + std::to_string(i));
  ModelSetOptions options;
  options.lazy = true;
  auto set = Open(all, options);
  std::atomic<int> told = 0;
  for (const std::string& name : all) {
    set->Use(name, [&](const Found& found) { told += found || found.error().status == 503 ? 1 : 0; });
  }
  set.reset();
  EXPECT_EQ(told, 20);
}

/// A transformer whose weights depend on `seed`.
void WriteTinyEncoder(const fs::path& dir, const std::string& name, const std::string& version, uint64_t seed) {
  fs::create_directories(dir);
  const std::vector<std::string> texts = {"win a prize now", "see you at six", "call me later", "free money"};
  ASSERT_TRUE(Model::Fresh(WriteTinyTokenizer(texts, dir), seed).Save(dir));
  Manifest manifest;
  manifest.name = name;
  manifest.version = version;
  manifest.max_length = kTinyMaxLength;
  ASSERT_TRUE(SealBundle(dir, manifest));
}

TEST_F(ModelSetTest, NoRequestFailsWhileModelsAreReloadedEvictedAndSwitchedThread) {
  const fs::path models = Path("models");
  const auto deploy = [&](const std::string& directory, const std::function<void(const fs::path&)>& write) {
    auto writer = BundleWriter::Begin(models / directory, /*overwrite=*/true).value();
    write(writer.path());
    ASSERT_TRUE(writer.Commit());
  };
  const std::vector<double> scores = {.2, .8};
  const auto version = [](int i) { return "1." + std::to_string(i) + ".0"; };
  fs::create_directories(models);
  deploy("lin", [&](const fs::path& dir) { WriteTinyLinear(dir, "lin", version(0), scores[0]); });
  deploy("enc", [&](const fs::path& dir) { WriteTinyEncoder(dir, "enc", version(0), 0); });
  WriteTinyLinear(models / "third", "third", "1.0.0", .5);

  // What the transformers answer, alone.
  std::vector<double> encoder_scores;
  for (const uint64_t seed : {0u, 1u}) {
    const fs::path alone = Path("alone" + std::to_string(seed));
    WriteTinyEncoder(alone, "enc", "1.0.0", seed);
    encoder_scores.push_back(Score(*ModelSet::Open({alone}, {}).value(), ""));
  }
  ASSERT_GT(std::abs(encoder_scores[0] - encoder_scores[1]), 1e-4);

  const uint64_t each = ReadBundleSummary(models / "lin").value().memory_bytes;
  ModelSetOptions options;
  options.max_memory_bytes = ReadBundleSummary(models / "enc").value().memory_bytes + each + each / 2;  // not all three
  const auto set = Open({"models"}, options);
  std::atomic<bool> stop = false;
  std::atomic<int> answers = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; !stop; ++i) {
        const std::string spec = i % 4 == 0 ? "lin" : i % 4 == 1 ? "enc" : i % 4 == 2 ? "third" : "";
        const Found model = Use(*set, spec);
        ASSERT_TRUE(model) << spec << " " << model.error().message;
        const double score = Score(model, i % 5 == 0 ? 40 : 1);
        const std::string& name = (*model)->name();
        const bool odd = (*model)->version() != version(0) && (*model)->version()[2] % 2 == 1;
        const double expected = name == "third" ? .5 : name == "lin" ? scores[odd] : encoder_scores[odd];
        ASSERT_NEAR(score, expected, 1e-5) << name << " " << (*model)->version();
        ++answers;
      }
    });
  }
  for (int round = 1; round < 8; ++round) {
    deploy("lin", [&](const fs::path& dir) { WriteTinyLinear(dir, "lin", version(round), scores[round % 2]); });
    deploy("enc", [&](const fs::path& dir) {
      WriteTinyEncoder(dir, "enc", version(round), static_cast<uint64_t>(round % 2));
    });
    Reload(*set);
    ASSERT_TRUE(Switch(*set, round % 2 == 0 ? "lin" : "third"));
    for (const int before = answers; answers < before + 8 && !stop;) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(NameOf(Use(*set, "lin")), "lin:" + version(7));
  EXPECT_EQ(NameOf(Use(*set, "enc")), "enc:" + version(7));
}

}  // namespace
}  // namespace winnow
