#include "server/model_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/model_set_fixture.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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

TEST_F(ModelSetTest, ABrokenModelIsListedAndTheOthersAnswer) {
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
  EXPECT_EQ(set->counts().load_failures, 2u);

  const auto none = ModelSet::Open({Path("bad"), Path("missing")}, {});
  EXPECT_THAT(none.error().message, HasSubstr("linear.bin"));
  EXPECT_THAT(none.error().message, HasSubstr("missing"));
  EXPECT_FALSE(ModelSet::Open({Path("missing")}, {}));
}

TEST_F(ModelSetTest, TheDefaultOfADirectoryIsItsFirstValidModel) {
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
  EXPECT_THAT(ByDirectory(*set)["b"].error, HasSubstr("the same name and version"));
  Write("b", "spam", "2.0.0", .1);
  Reload(*set);
  EXPECT_NEAR(Score(*set, "spam"), .1, 1e-6);
}

TEST_F(ModelSetTest, ABrokenModelTakesNoNameFromAnother) {
  Write("models/a", "spam", "1.0.0", .9);
  Write("models/b", "spam", "1.0.0", .25);
  Break("models/a");
  const auto set = Open({"models"});
  EXPECT_NEAR(Score(*set, "spam:1.0.0"), .25, 1e-6);
  EXPECT_NEAR(Score(*set, ""), .25, 1e-6);
  EXPECT_THAT(ByDirectory(*set)["a"].error, HasSubstr("linear.bin"));
  Write("models/a", "spam", "1.0.0", .9);
  Reload(*set);
  EXPECT_NEAR(Score(*set, "spam:1.0.0"), .25, 1e-6) << "the one that was served stays";
  EXPECT_THAT(ByDirectory(*set)["a"].error, HasSubstr("the same name and version"));
}

TEST_F(ModelSetTest, AliasesOfUnknownModelsAreRefused) {
  Write("a", "spam", "1.0.0", .9);
  ModelSetOptions options;
  options.aliases = {{"champion", "spam", "1.0.1"}};
  const auto set = ModelSet::Open({Path("a")}, options);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(set.error().hint, HasSubstr("spam:1.0.0"));
}

TEST_F(ModelSetTest, AliasesAndDirectoriesAreExchangedWhileItServes) {
  Write("a", "spam", "1.0.0", .9);
  Write("b", "spam", "2.0.0", .25);
  ModelSetOptions options;
  options.aliases = {{"champion", "spam", "1.0.0"}, {"", "spam", "1.0.0"}};
  options.default_spec = "spam";
  const auto set = Open({"a"}, options);
  set->SetSources({Path("a"), Path("b")}, options.aliases);
  Reload(*set);
  for (const char* spec : {"", "spam", "spam@champion"})
    EXPECT_NEAR(Score(*set, spec), .9, 1e-6) << "the name alone means the alias, not the highest version: " << spec;
  EXPECT_NEAR(Score(*set, "spam:2.0.0"), .25, 1e-6);
  set->SetSources({Path("b")}, {{"champion", "spam", "2.0.0"}, {"", "spam", "2.0.0"}});
  for (const char* spec : {"", "spam", "spam@champion"}) EXPECT_NEAR(Score(*set, spec), .25, 1e-6) << spec;
  Reload(*set);
  EXPECT_EQ(Use(*set, "spam:1.0.0").error().status, 404);
  EXPECT_THAT(ByDirectory(*set)["b"].aliases, ElementsAre("champion"));
  EXPECT_TRUE(ByDirectory(*set)["b"].is_default);
}

TEST_F(ModelSetTest, ALazyModelIsLoadedOnceForAllThatWaitThread) {
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

TEST_F(ModelSetTest, AReloadReplacesModelsThatHaveChanged) {
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

TEST_F(ModelSetTest, AReloadWithoutFileDescriptorsKeepsAllModels) {
  Write("models/one", "one", "1.0.0", .9);
  Write("workspace/two", "two", "1.0.0", .8);
  const auto set = Open({"models/one"}, {.optional_root = Path("workspace")});
  ASSERT_TRUE(Use(*set, "two"));
  rlimit former = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &former), 0);
  const int next = dup(0);  // the lowest number that is free
  ASSERT_GE(next, 0);
  close(next);
  const rlimit none = {.rlim_cur = static_cast<rlim_t>(next), .rlim_max = former.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Reload(*set);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &former), 0);
  EXPECT_TRUE(Use(*set, "one"));
  EXPECT_TRUE(Use(*set, "two"));
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

TEST_F(ModelSetTest, AReloadRefusesFilesThatDifferFromTheManifest) {
  Write("a", "a", "1.0.0", .6);
  Write("other", "a", "1.0.0", .1);
  const auto set = Open({"a"});
  ASSERT_TRUE(WriteFileAtomically(Path("a") / kLinearFile, ReadFile(Path("other") / kLinearFile).value()));
  Reload(*set);
  EXPECT_NEAR(Score(*set, "a"), .6, 1e-6) << "half of a copy";
  EXPECT_THAT(ByDirectory(*set)["a"].error, HasSubstr("linear.bin"));
}

TEST_F(ModelSetTest, AReloadAddsAndRemovesBundlesOfADirectory) {
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

}  // namespace
}  // namespace winnow
