#include "server/model_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>

#include "base/files.h"
#include "bundle/directory.h"
#include "encoder/model.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"
#include "support/tiny_linear.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Found = std::expected<ModelSet::Model, Refusal>;

Found Use(ModelSet& set, std::string_view spec) {
  std::promise<Found> promise;
  set.Use(spec, [&](Found found) { promise.set_value(std::move(found)); });
  return promise.get_future().get();
}

Found Switch(ModelSet& set, std::string_view spec) {
  std::promise<Found> promise;
  set.Switch(spec, [&](Found found) { promise.set_value(std::move(found)); });
  return promise.get_future().get();
}

int StatusOf(const std::function<void(ModelSet::Done)>& call) {
  std::promise<int> promise;
  call([&](const std::expected<void, Refusal>& done) { promise.set_value(done ? 200 : done.error().status); });
  return promise.get_future().get();
}

int Load(ModelSet& set, std::string_view spec) {
  return StatusOf([&](const ModelSet::Done& done) { set.Load(spec, done); });
}

int Unload(ModelSet& set, std::string_view spec) {
  return StatusOf([&](const ModelSet::Done& done) { set.Unload(spec, done); });
}

void Reload(ModelSet& set) {
  std::promise<void> promise;
  set.Reload([&] { promise.set_value(); });
  promise.get_future().get();
}

/// Of "spam", for some text; below 0 where there is no model.
double Score(const Found& model, size_t texts = 1) {
  if (!model) return -1;
  std::promise<double> promise;
  (*model)->Classify({.texts = std::vector<std::string>(texts, "a prize")}, [&](const auto& results, const auto&) {
    promise.set_value(results && results->size() == texts ? results->back().probabilities[1] : -2);
  });
  return promise.get_future().get();
}

double Score(ModelSet& set, std::string_view spec) { return Score(Use(set, spec)); }

std::string NameOf(const Found& model) {
  return model ? (*model)->name() + ":" + (*model)->version() : std::to_string(model.error().status);
}

class ModelSetTest : public testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return dir_.path() / name; }
  void Write(const std::string& directory, const std::string& name, const std::string& version, double spam) const {
    WriteTinyLinear(Path(directory), name, version, spam);
  }
  void Break(const std::string& directory) const {
    ASSERT_TRUE(WriteFileAtomically(Path(directory) / kLinearFile, "no model"));
  }
  std::unique_ptr<ModelSet> Open(const std::vector<std::string>& directories, ModelSetOptions options = {}) const {
    std::vector<fs::path> roots;
    for (const std::string& directory : directories) roots.push_back(Path(directory));
    options.scheduler.workers = 1;
    options.retry_after = std::chrono::milliseconds(0);
    auto set = ModelSet::Open(roots, options);
    EXPECT_TRUE(set) << set.error().Text();
    return set ? *std::move(set) : nullptr;
  }
  static std::map<std::string, ModelSet::Entry> ByDirectory(const ModelSet& set) {
    std::map<std::string, ModelSet::Entry> entries;
    for (ModelSet::Entry& entry : set.List()) entries[entry.directory] = entry;
    return entries;
  }

  const TemporaryDirectory dir_;
};

TEST_F(ModelSetTest, ModelsAreFoundByNameVersionAndAlias) {
  Write("new", "spam", "1.10.0", .9);
  Write("old", "spam", "1.9.0", .8);
  Write("other", "intents", "1.0.0", .7);
  ModelSetOptions options;
  options.aliases = {{"champion", "spam", "1.9.0"}, {"newest", "spam", ""}};
  const auto set = Open({"old", "new", "other"}, options);
  const std::map<std::string, std::string> expected = {{"", "spam:1.9.0"},
                                                       {"spam", "spam:1.10.0"},
                                                       {"spam:1.9.0", "spam:1.9.0"},
                                                       {"spam@champion", "spam:1.9.0"},
                                                       {"spam@newest", "spam:1.10.0"},
                                                       {"intents", "intents:1.0.0"},
                                                       {"spam:1.0.0", "404"},
                                                       {"spam@none", "404"},
                                                       {"intents@champion", "404"},
                                                       {"none", "404"},
                                                       {"spam:", "404"},
                                                       {"old", "404"}};
  for (const auto& [spec, model] : expected) EXPECT_EQ(NameOf(Use(*set, spec)), model) << spec;
  auto entries = ByDirectory(*set);
  EXPECT_THAT(entries["old"].aliases, ElementsAre("champion"));
  EXPECT_THAT(entries["new"].aliases, ElementsAre("newest"));
  EXPECT_TRUE(entries["old"].is_default);
  EXPECT_FALSE(entries["new"].is_default);
  EXPECT_EQ(entries["new"].state, ModelState::kLoaded);
  EXPECT_TRUE(entries["new"].last_used);
}

TEST_F(ModelSetTest, ABrokenModelIsAnEntryAndTheOthersGoOn) {
  Write("bad", "bad", "1.0.0", .5);
  Break("bad");
  Write("good", "good", "1.0.0", .75);
  const auto set = Open({"bad", "good", "missing"});
  EXPECT_NEAR(Score(*set, "good"), .75, 1e-6);
  EXPECT_EQ(Use(*set, "bad").error().status, 503);
  EXPECT_EQ(Use(*set, "missing").error().status, 503);
  EXPECT_EQ(Use(*set, "").error().status, 503) << "the first was meant, and no other";
  auto entries = ByDirectory(*set);
  EXPECT_EQ(entries["bad"].state, ModelState::kFailed);
  EXPECT_THAT(entries["bad"].error, HasSubstr("linear.bin"));
  EXPECT_THAT(entries["bad"].error, Not(HasSubstr(dir_.path().string())));
  EXPECT_EQ(entries["missing"].state, ModelState::kFailed);
  EXPECT_EQ(set->counts().load_failures, 1u);

  const auto none = ModelSet::Open({Path("bad"), Path("missing")}, {});
  EXPECT_THAT(none.error().message, HasSubstr("linear.bin"));
  EXPECT_THAT(none.error().message, HasSubstr("missing"));
  EXPECT_FALSE(ModelSet::Open({Path("missing")}, {}));
}

TEST_F(ModelSetTest, OfADirectoryOfModelsTheFirstWholeOneIsTheDefault) {
  Write("models/a", "a", "1.0.0", .5);
  Break("models/a");
  Write("models/b", "b", "1.0.0", .25);
  const auto set = Open({"models"});
  EXPECT_NEAR(Score(*set, ""), .25, 1e-6);
}

TEST_F(ModelSetTest, TheSameNameAndVersionTwiceIsAnError) {
  Write("a", "spam", "1.0.0", .9);
  Write("b", "spam", "1.0.0", .1);
  const auto set = Open({"a", "b"});
  EXPECT_NEAR(Score(*set, "spam:1.0.0"), .9, 1e-6);
  EXPECT_NEAR(Score(*set, "spam"), .9, 1e-6);
  EXPECT_THAT(ByDirectory(*set)["b"].error, HasSubstr("spam:1.0.0"));
  Write("b", "spam", "2.0.0", .1);
  Reload(*set);
  EXPECT_NEAR(Score(*set, "spam"), .1, 1e-6);
}

TEST_F(ModelSetTest, AliasesOfNothingAreRefused) {
  Write("a", "spam", "1.0.0", .9);
  ModelSetOptions options;
  options.aliases = {{"champion", "spam", "1.0.1"}};
  const auto set = ModelSet::Open({Path("a")}, options);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(set.error().hint, HasSubstr("spam:1.0.0"));
}

TEST_F(ModelSetTest, LazyModelsAreLoadedOnceHoweverManyWaitThread) {
  Write("a", "a", "1.0.0", .6);
  Write("b", "b", "1.0.0", .7);
  ModelSetOptions options;
  options.lazy = true;
  const auto set = Open({"a", "b"}, options);
  EXPECT_EQ(set->counts().loads, 0u);
  EXPECT_EQ(ByDirectory(*set)["a"].state, ModelState::kUnloaded);
  EXPECT_THAT(ByDirectory(*set)["a"].labels, ElementsAre("ham", "spam"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_NEAR(Score(*set, "a"), .6, 1e-6); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(set->counts().loads, 1u);
  EXPECT_EQ(set->counts().loaded, 1u);
  EXPECT_EQ(ByDirectory(*set)["b"].state, ModelState::kUnloaded);
}

TEST_F(ModelSetTest, AFailedModelIsTriedAgainWhenItsFilesHaveChanged) {
  Write("a", "a", "1.0.0", .6);
  Break("a");
  Write("b", "b", "1.0.0", .7);
  const auto set = Open({"a", "b"});
  EXPECT_EQ(Use(*set, "a").error().status, 503);
  EXPECT_EQ(Use(*set, "a").error().status, 503);
  EXPECT_EQ(set->counts().load_failures, 1u) << "nothing has changed";
  Write("a", "a", "1.0.0", .6);
  EXPECT_NEAR(Score(*set, "a"), .6, 1e-6);
  EXPECT_EQ(ByDirectory(*set)["a"].error, "");
}

TEST_F(ModelSetTest, AReloadExchangesWhatHasChanged) {
  Write("a", "spam", "1.0.0", .6);
  Write("b", "b", "1.0.0", .7);
  const auto set = Open({"a", "b"});
  const Found held = Use(*set, "spam");
  Reload(*set);
  EXPECT_EQ(set->counts().loads, 2u) << "nothing has changed";
  Write("a", "spam", "1.1.0", .9);
  EXPECT_NEAR(Score(*set, "spam"), .6, 1e-6);
  Reload(*set);
  EXPECT_EQ(set->counts().loads, 3u);
  EXPECT_EQ(NameOf(Use(*set, "spam")), "spam:1.1.0");
  EXPECT_EQ(NameOf(Use(*set, "")), "spam:1.1.0") << "what answers by default is the directory";
  EXPECT_EQ(Use(*set, "spam:1.0.0").error().status, 404);
  EXPECT_NEAR(Score(held), .6, 1e-6) << "who holds the old one goes on with it";
}

TEST_F(ModelSetTest, AReloadThatFailsKeepsTheOldOneAndSaysSo) {
  Write("a", "a", "1.0.0", .6);
  const auto set = Open({"a"});
  const std::string whole = ReadFile(Path("a") / kLinearFile).value();
  for (const std::string& broken : {std::string("no model"), whole.substr(0, whole.size() - 1), std::string()}) {
    ASSERT_TRUE(WriteFileAtomically(Path("a") / kLinearFile, broken));
    Reload(*set);
    EXPECT_NEAR(Score(*set, "a"), .6, 1e-6);
    EXPECT_EQ(ByDirectory(*set)["a"].state, ModelState::kLoaded);
    EXPECT_NE(ByDirectory(*set)["a"].error, "");
  }
  fs::remove_all(Path("a"));
  Reload(*set);
  EXPECT_NEAR(Score(*set, "a"), .6, 1e-6);
  Write("a", "a", "1.0.0", .3);
  Reload(*set);
  EXPECT_NEAR(Score(*set, "a"), .3, 1e-6);
  EXPECT_EQ(ByDirectory(*set)["a"].error, "");
}

TEST_F(ModelSetTest, AReloadRefusesFilesThatTheManifestDoesNotSpeakOf) {
  Write("a", "a", "1.0.0", .6);
  Write("other", "a", "1.0.0", .1);
  const auto set = Open({"a"});
  ASSERT_TRUE(WriteFileAtomically(Path("a") / kLinearFile, ReadFile(Path("other") / kLinearFile).value()));
  Reload(*set);
  EXPECT_NEAR(Score(*set, "a"), .6, 1e-6) << "half of a copy";
  EXPECT_THAT(ByDirectory(*set)["a"].error, HasSubstr("linear.bin"));
}

TEST_F(ModelSetTest, BundlesComeAndGoInADirectoryOfModels) {
  Write("models/a", "spam", "1.0.0", .6);
  const auto set = Open({"models"});
  Write("models/b", "spam", "1.1.0", .9);
  Reload(*set);
  EXPECT_NEAR(Score(*set, "spam"), .9, 1e-6);
  EXPECT_NEAR(Score(*set, ""), .9, 1e-6);
  EXPECT_NEAR(Score(*set, "spam:1.0.0"), .6, 1e-6);
  fs::rename(Path("models/b"), Path("models/c"));
  Reload(*set);
  EXPECT_NEAR(Score(*set, "spam:1.1.0"), .9, 1e-6) << "it has moved";
  Write("models/d", "spam", "2.0.0", .1);
  Break("models/d");
  Reload(*set);
  EXPECT_NEAR(Score(*set, "spam"), .9, 1e-6) << "a higher one that is broken leaves the name to the others";
  EXPECT_EQ(Use(*set, "spam:2.0.0").error().status, 503);
  fs::remove_all(Path("models/a"));
  fs::remove_all(Path("models/d"));
  Reload(*set);
  EXPECT_EQ(set->List().size(), 1u);
  EXPECT_EQ(Use(*set, "spam:1.0.0").error().status, 404);
}

TEST_F(ModelSetTest, SwitchMakesAModelTheDefaultOnceItIsLoaded) {
  Write("a", "a", "1.0.0", .6);
  Write("b", "b", "1.0.0", .7);
  Write("bad", "bad", "1.0.0", .8);
  Break("bad");
  ModelSetOptions options;
  options.lazy = true;
  options.aliases = {{"champion", "b", "1.0.0"}};
  const auto set = Open({"a", "b", "bad"}, options);
  EXPECT_EQ(NameOf(Switch(*set, "none")), "404");
  EXPECT_EQ(NameOf(Switch(*set, "bad")), "503");
  EXPECT_EQ(NameOf(Use(*set, "")), "a:1.0.0");
  EXPECT_EQ(NameOf(Switch(*set, "b@champion")), "b:1.0.0");
  EXPECT_EQ(NameOf(Use(*set, "")), "b:1.0.0");
  EXPECT_EQ(NameOf(Switch(*set, "a:1.0.0")), "a:1.0.0");
  Write("a", "a", "1.1.0", .9);
  Reload(*set);
  EXPECT_EQ(NameOf(Use(*set, "")), "a:1.1.0");
  EXPECT_TRUE(ByDirectory(*set)["a"].is_default);
}

TEST_F(ModelSetTest, UnloadedModelsAnswerOnlyAfterALoad) {
  Write("models/a", "a", "1.0.0", .6);
  Write("models/a2", "a", "2.0.0", .7);
  const auto set = Open({"models"});
  EXPECT_EQ(Unload(*set, "none"), 404);
  EXPECT_EQ(Unload(*set, "a:2.0.0"), 200);
  EXPECT_EQ(NameOf(Use(*set, "a")), "a:1.0.0");
  EXPECT_EQ(Unload(*set, "a"), 200);
  EXPECT_EQ(NameOf(Use(*set, "a")), "503");
  EXPECT_EQ(ByDirectory(*set)["a"].state, ModelState::kUnloaded);
  Reload(*set);
  EXPECT_EQ(NameOf(Use(*set, "a")), "503");
  EXPECT_EQ(Load(*set, "a"), 200);
  EXPECT_EQ(NameOf(Use(*set, "a")), "a:2.0.0");
  EXPECT_EQ(NameOf(Use(*set, "a:1.0.0")), "a:1.0.0");
  EXPECT_EQ(Load(*set, "b"), 404);
  Write("models/b", "b", "1.0.0", .8);
  EXPECT_EQ(Load(*set, "b"), 200);
  EXPECT_NEAR(Score(*set, "b"), .8, 1e-6);
  Break("models/b");
  EXPECT_EQ(Load(*set, "b"), 503);
  EXPECT_NEAR(Score(*set, "b"), .8, 1e-6) << "the old one stays";
}

TEST_F(ModelSetTest, TheLeastRecentlyUsedLeavesWhenMemoryIsShort) {
  for (const char* name : {"a", "b", "c"}) Write(name, name, "1.0.0", .6);
  const uint64_t each = ReadBundleSummary(Path("a")).value().memory_bytes;
  ModelSetOptions options;
  options.max_memory_bytes = 2 * each + each / 2;
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

TEST_F(ModelSetTest, WhatIsInUseCountsUntilItIsLetGo) {
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
  held = std::unexpected(Refusal());
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
      (*model)->Classify({.texts = std::vector<std::string>(texts, "a prize"), .options = {.mode = mode}},
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

TEST_F(ModelSetTest, AnAnswerMayBeTheLastToHoldAModelThread) {
  Write("a", "a", "1.0.0", .6);
  const auto set = Open({"a"});
  std::promise<void> unloaded, answered;
  const auto released = unloaded.get_future().share();
  {
    Found model = Use(*set, "a");
    const ServedModel& served = **model;
    served.Classify({.texts = std::vector<std::string>(100, "a")},
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

TEST_F(ModelSetTest, WhoWaitsWhenASetGoesIsToldThread) {
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
