#include "registry/registry_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "bundle/manifest.h"
#include "store/store.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class RegistryCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    registry_ = Registry::Open({.url = path("registry").string(), .create = true}).value();
    Push("a", "1.0.0");
    Push("b", "1.1.0");
  }

  fs::path path(const std::string& name) const { return dir_.path() / name; }
  void Push(const std::string& weights, const std::string& version) {
    const fs::path bundle = path(version);
    fs::create_directories(bundle);
    ASSERT_TRUE(WriteFileAtomically(bundle / "linear.bin", weights));
    Manifest manifest;
    manifest.name = "spam";
    manifest.kind = "lr";
    manifest.version = version;
    ASSERT_TRUE(SealBundle(bundle, manifest));
    ASSERT_TRUE(registry_->Push({.bundle = bundle}));
  }

  TemporaryDirectory dir_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(RegistryCacheTest, PullsAVersionOnce) {
  const RegistryCache cache(path("cache"), "url");
  EXPECT_EQ(cache.Find("spam", "1.0.0"), std::nullopt);
  const fs::path directory = cache.Get(*registry_, "spam", "1.0.0").value();
  EXPECT_EQ(ReadFile(directory / "linear.bin").value(), "a");
  EXPECT_EQ(cache.Find("spam", "1.0.0"), directory);
  fs::remove_all(path("registry/artifacts"));
  EXPECT_EQ(cache.Get(*registry_, "spam", "1.0.0").value(), directory);
  EXPECT_FALSE(cache.Get(*registry_, "spam", "1.1.0"));
  EXPECT_EQ(ErrorOf(cache.Get(*registry_, "spam", "9.0.0")).code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorOf(cache.Get(*registry_, "..", "1.0.0")).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(cache.Find("../registry", "1.0.0"), std::nullopt);
}

TEST_F(RegistryCacheTest, AVersionOfTheRecordsLeadsNowhereElse) {
  const std::unique_ptr<Store> store = Store::Open({.url = path("registry/registry.db").string()}).value();
  ModelVersion version = store->FindModelVersion("spam", "1.0.0").value().value();
  version.version = "../../elsewhere";
  ASSERT_TRUE(store->AddModelVersion(version));
  const RegistryCache cache(path("cache"), "url");
  EXPECT_EQ(ErrorOf(cache.Get(*registry_, "spam", version.version)).code, ErrorCode::kInvalidData);
  EXPECT_FALSE(fs::exists(path("elsewhere")));
}

TEST_F(RegistryCacheTest, ReplacesAVersionOfAnotherRegistry) {
  const RegistryCache cache(path("cache"), "url");
  const fs::path directory = cache.Get(*registry_, "spam", "1.0.0").value();
  Manifest other = ReadManifest(directory).value();
  other.max_length = 64;
  ASSERT_TRUE(WriteManifest(directory, other));
  EXPECT_EQ(cache.Get(*registry_, "spam", "1.0.0").value(), directory);
  EXPECT_EQ(ReadManifest(directory).value().max_length, 128);
}

TEST_F(RegistryCacheTest, RemembersTheAliasesOfItsRegistry) {
  const std::vector<FollowedAlias> aliases = {{"spam", "champion", "1.0.0"}, {"spam", "challenger", "1.1.0"}};
  EXPECT_THAT(RegistryCache(path("cache"), "url").Remembered(), IsEmpty());
  ASSERT_TRUE(RegistryCache(path("cache"), "url").Remember(aliases));
  EXPECT_EQ(RegistryCache(path("cache"), "url").Remembered(), aliases);
  EXPECT_THAT(RegistryCache(path("cache"), "another").Remembered(), IsEmpty());
  for (const char* damaged : {"", "[]", "{\"registry\": 1}"}) {
    ASSERT_TRUE(WriteFileAtomically(path("cache") / "aliases.json", damaged));
    EXPECT_THAT(RegistryCache(path("cache"), "url").Remembered(), IsEmpty());
  }
}

TEST_F(RegistryCacheTest, ServersOfOtherModelsKeepTheirAliases) {
  const std::vector<FollowedAlias> spam = {{"spam", "champion", "1.0.0"}};
  const std::vector<FollowedAlias> intents = {{"intents", "champion", "2.0.0"}};
  const std::vector<FollowedAlias> all = {spam[0], intents[0]};
  const RegistryCache of_all(path("cache"), "url"), of_spam(path("cache"), "url", {"spam"}),
      of_intents(path("cache"), "url", {"intents"}), of_both(path("cache"), "url", {"spam", "intents"});
  ASSERT_TRUE(of_all.Remember(all));
  EXPECT_EQ(of_spam.Remembered(), spam) << "of what is remembered for all";
  ASSERT_TRUE(of_spam.Remember({{"spam", "champion", "1.1.0"}}));
  ASSERT_TRUE(of_intents.Remember(intents));
  EXPECT_THAT(of_spam.Remembered(), ElementsAre(FollowedAlias{"spam", "champion", "1.1.0"}));
  EXPECT_EQ(of_intents.Remembered(), intents);
  EXPECT_EQ(of_all.Remembered(), all);
  ASSERT_TRUE(of_both.Remember(all));
  EXPECT_EQ(RegistryCache(path("cache"), "url", {"intents", "spam", "spam"}).Remembered(), all);
}

TEST_F(RegistryCacheTest, PrunesNoVersionThatServersOfOtherModelsServe) {
  const RegistryCache of_spam(path("cache"), "url", {"spam"}), of_intents(path("cache"), "url", {"intents"});
  const fs::path served = of_spam.Get(*registry_, "spam", "1.0.0").value();
  const fs::path old = of_spam.Get(*registry_, "spam", "1.1.0").value();
  for (const fs::path& each : {served, old})
    fs::last_write_time(each, fs::file_time_type::clock::now() - std::chrono::hours(48));
  ASSERT_TRUE(of_spam.Remember({{"spam", "champion", "1.0.0"}}));
  of_intents.Prune({});
  EXPECT_TRUE(fs::exists(served));
  EXPECT_FALSE(fs::exists(old));
  of_spam.Prune({});
  EXPECT_FALSE(fs::exists(served)) << "what its own servers serve is passed to it";
}

TEST_F(RegistryCacheTest, PrunesWhatNobodyUsesAfterADay) {
  const RegistryCache cache(path("cache"), "url");
  const fs::path kept = cache.Get(*registry_, "spam", "1.0.0").value();
  const fs::path old = cache.Get(*registry_, "spam", "1.1.0").value();
  cache.Prune({});
  EXPECT_TRUE(fs::exists(old));
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
  fs::create_directories(path("cache/spam/mine"));
  for (const fs::path& each : {kept, old, path("cache/spam/mine")}) fs::last_write_time(each, long_ago);
  cache.Prune({kept});
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(kept));
  EXPECT_TRUE(fs::exists(path("cache/spam/mine"))) << "not of the cache";
}

}  // namespace
}  // namespace winnow
