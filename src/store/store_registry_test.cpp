#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RegistryRecordsOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, RegistryRecordsOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

ModelVersion Version(const std::string& version, const std::string& digest = "d") {
  ModelVersion model;
  model.name = "spam";
  model.version = version;
  model.digest = digest;
  model.uri = "spam/" + version + "/";
  model.kind = "lr";
  model.pushed_by = "anna";
  return model;
}

StoreTime At(int64_t seconds) { return StoreTime(std::chrono::seconds(1'700'000'000 + seconds)); }

AliasChange To(const std::string& version, int64_t seconds = 0) {
  AliasChange change;
  change.name = "spam";
  change.alias = "champion";
  change.version = version;
  change.actor = "anna";
  change.at = At(seconds);
  return change;
}

std::vector<std::string> VersionsOf(const std::vector<ModelVersion>& models) {
  std::vector<std::string> versions;
  for (const ModelVersion& model : models) versions.push_back(model.version);
  return versions;
}

TEST_P(RegistryRecordsOn, KeepsEveryFieldOfAVersion) {
  const auto store = OpenStore();
  ModelVersion version = Version("1.2.0");
  version.metrics = R"({"f1_macro":0.98})";
  version.architecture = "bert 6x384";
  version.labels = {"ham", "spam \"quoted\" ü"};
  version.data_sha256 = "abc";
  version.parent = "1.1.0";
  version.command = "winnow train sms.tsv";
  version.code_version = "0.9";
  version.files = {{"config.json", std::string(64, 'a'), 12}, {"onnx/model.onnx", std::string(64, 'b'), 1ull << 40}};
  version.bytes = (1ull << 40) + 12;
  version.created_at = At(1);
  ASSERT_EQ(store->AddModelVersion(version).value(), true);
  const std::optional<ModelVersion> found = store->FindModelVersion("spam", "1.2.0").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->metrics, version.metrics);
  EXPECT_EQ(found->architecture, version.architecture);
  EXPECT_EQ(found->labels, version.labels);
  EXPECT_EQ(found->data_sha256, "abc");
  EXPECT_EQ(found->parent, "1.1.0");
  EXPECT_EQ(found->command, "winnow train sms.tsv");
  EXPECT_EQ(found->code_version, "0.9");
  EXPECT_EQ(found->files, version.files);
  EXPECT_EQ(found->bytes, version.bytes);
  EXPECT_EQ(found->uri, "spam/1.2.0/");
  EXPECT_EQ(found->created_at, At(1));
  EXPECT_EQ(store->FindModelVersion("spam", "9.9.9").value(), std::nullopt);
  const auto rows = Connect()->Run("SELECT name, version, digest, uri, metrics, created_at FROM models").value();
  ASSERT_EQ(rows.rows.size(), 1u) << "the query of users";
}

TEST_P(RegistryRecordsOn, ARecordWithDamagedListsHasNone) {
  const auto store = OpenStore();
  ModelVersion version = Version("1.0.0");
  version.labels = {"ham", "spam"};
  version.files = {{"config.json", std::string(64, 'a'), 12}};
  ASSERT_TRUE(store->AddModelVersion(version));
  for (const std::string damaged : {"7", "\"ham\"", "{}", "[{\"path\": \"config.json\"}]", "["}) {
    ASSERT_TRUE(Connect()->Run("UPDATE models SET labels = $1, files = $1", {damaged}));
    const std::optional<ModelVersion> found = store->FindModelVersion("spam", "1.0.0").value();
    ASSERT_TRUE(found);
    EXPECT_THAT(found->labels, IsEmpty()) << damaged;
    EXPECT_THAT(found->files, IsEmpty()) << damaged;
  }
}

TEST_P(RegistryRecordsOn, AVersionIsImmutable) {
  const auto store = OpenStore();
  EXPECT_EQ(store->AddModelVersion(Version("1.0.0", "x")).value(), true);
  EXPECT_EQ(store->AddModelVersion(Version("1.0.0", "x")).value(), false);
  const Error error = ErrorOf(store->AddModelVersion(Version("1.0.0", "y")));
  EXPECT_EQ(error.code, ErrorCode::kExists);
  EXPECT_THAT(error.hint, HasSubstr("--bump"));
  EXPECT_EQ(store->ListAudit({.action = "registry.push"}).value().size(), 1u);
}

TEST_P(RegistryRecordsOn, ConcurrentPushesOfOneVersionHaveOneWinner) {
  const auto store = OpenStore();
  std::atomic<int> added = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto result = store->AddModelVersion(Version("1.0.0", std::to_string(i)));
      if (result && *result) ++added;
      if (!result && result.error().code == ErrorCode::kExists) ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(added, 1);
  EXPECT_EQ(refused, 5);
}

TEST_P(RegistryRecordsOn, AnAliasMeansItsNewestRowAndTheOthersAreItsHistory) {
  const auto store = OpenStore();
  for (const char* version : {"1.0.0", "1.1.0"}) ASSERT_TRUE(store->AddModelVersion(Version(version)));
  EXPECT_EQ(store->CountAliasChanges().value(), 0);
  const AliasChanged first = store->ChangeAlias(To("1.0.0", 0)).value();
  EXPECT_TRUE(first.changed);
  EXPECT_EQ(first.row.sequence, 1);
  EXPECT_EQ(first.row.from_version, std::nullopt);
  AliasChange second = To("1.1.0", 10);
  second.reason = "better";
  EXPECT_EQ(store->ChangeAlias(second).value().row.from_version, "1.0.0");
  EXPECT_FALSE(store->ChangeAlias(To("1.1.0", 20)).value().changed);

  const auto now = store->ListAliases("").value();
  ASSERT_EQ(now.size(), 1u);
  EXPECT_EQ(now[0].version, "1.1.0");
  EXPECT_EQ(now[0].reason, "better");
  EXPECT_EQ(now[0].created_at, At(10));
  EXPECT_EQ(store->CountAliasChanges().value(), 2);
  const auto then = store->ListAliasHistory({.name = "spam", .alias = "champion", .until = At(9), .limit = 1}).value();
  ASSERT_EQ(then.size(), 1u);
  EXPECT_EQ(then[0].version, "1.0.0");
  EXPECT_EQ(store->ListAliases("spam", At(9)).value().at(0).version, "1.0.0");
  EXPECT_THAT(store->ListAliases("spam", At(-1)).value(), IsEmpty());
  const auto audit = store->ListAudit({.action = "registry.promote", .subject = "spam"}).value();
  ASSERT_EQ(audit.size(), 2u);
  EXPECT_THAT(audit[1].entry.details, HasSubstr("\"from_version\":\"1.0.0\""));
}

TEST_P(RegistryRecordsOn, AnAliasCanBeRemovedAndMeansNoUnknownVersion) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->AddModelVersion(Version("1.0.0")));
  EXPECT_EQ(ErrorOf(store->ChangeAlias(To("2.0.0"))).code, ErrorCode::kNotFound);
  ASSERT_TRUE(store->ChangeAlias(To("1.0.0", 0)));
  AliasChange removal = To("", 1);
  removal.version = std::nullopt;
  EXPECT_TRUE(store->ChangeAlias(removal).value().changed);
  EXPECT_EQ(store->ListAliases("spam").value().at(0).version, std::nullopt);
  EXPECT_THAT(store->ListAliases("other").value(), IsEmpty());
}

TEST_P(RegistryRecordsOn, OfTwoChangesThatExpectTheSameOneWinsAndTheOtherIsTold) {
  const auto store = OpenStore(), other = OpenStore();
  for (const char* version : {"1.0.0", "1.1.0", "1.2.0"}) ASSERT_TRUE(store->AddModelVersion(Version(version)));
  ASSERT_TRUE(store->ChangeAlias(To("1.0.0")));
  for (int round = 0; round < 10; ++round) {
    const int64_t sequence = store->ListAliases("spam").value().at(0).sequence;
    std::vector<Result<AliasChanged>> results(2, Fail(ErrorCode::kInternal, "not run"));
    std::vector<std::thread> threads;
    for (size_t i = 0; i < 2; ++i) {
      threads.emplace_back([&, i] {
        // Never what the alias means: 1.1.0 and 1.2.0 in odd rounds, 1.0.0 and a removal in even ones.
        AliasChange change = To(i == 0 ? "1.1.0" : "1.2.0");
        if (round % 2 == 1) change.version = i == 0 ? std::optional<std::string>("1.0.0") : std::nullopt;
        change.actor = i == 0 ? "anna" : "bela";
        change.expected_sequence = sequence;
        results[i] = (i == 0 ? store : other)->ChangeAlias(change);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_NE(results[0].has_value(), results[1].has_value());
    const size_t loser = results[0] ? 1 : 0;
    EXPECT_EQ(results[loser].error().code, ErrorCode::kExists);
    EXPECT_THAT(results[loser].error().message, HasSubstr(loser == 1 ? "by anna at" : "by bela at"));
    EXPECT_EQ(store->ListAliases("spam").value().at(0).sequence, sequence + 1);
  }
}

TEST_P(RegistryRecordsOn, RemovesNoVersionThatAnAliasMeansOrMeantLately) {
  const auto store = OpenStore();
  for (const char* version : {"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"})
    ASSERT_TRUE(store->AddModelVersion(Version(version)));
  // 1.0.0 until 10, 1.1.0 until 20, 1.2.0 until 30, now 1.3.0; 1.4.0 never.
  int64_t seconds = 0;
  for (const char* version : {"1.0.0", "1.1.0", "1.2.0", "1.3.0"}) {
    ASSERT_TRUE(store->ChangeAlias(To(version, seconds)));
    seconds += 10;
  }
  EXPECT_THAT(store->VersionsInUse("spam", At(15)).value(), ElementsAre("1.1.0", "1.2.0", "1.3.0"));
  EXPECT_THAT(store->VersionsInUse("spam", At(100)).value(), ElementsAre("1.2.0", "1.3.0"))
      << "a rollback would mean 1.2.0";
  for (const char* version : {"1.2.0", "1.3.0"})
    EXPECT_FALSE(store->BeginRemoval({"spam", version, At(100), "anna"}).value()) << version;
  ASSERT_TRUE(store->BeginRemoval({"spam", "1.0.0", At(100), "anna"}).value());
  EXPECT_FALSE(store->BeginRemoval({"spam", "9.0.0", At(100), "anna"}).value());
  EXPECT_EQ(store->FindModelVersion("spam", "1.0.0").value(), std::nullopt) << "it is invisible at once";
  EXPECT_THAT(VersionsOf(store->ListModelVersions({.name = "spam"}).value()),
              ElementsAre("1.1.0", "1.2.0", "1.3.0", "1.4.0"));
  EXPECT_THAT(VersionsOf(store->ListModelVersions({.removing = true}).value()), ElementsAre("1.0.0"));
  EXPECT_EQ(ErrorOf(store->ChangeAlias(To("1.0.0", 200))).code, ErrorCode::kNotFound);
  EXPECT_THAT(ErrorOf(store->AddModelVersion(Version("1.0.0"))).message, HasSubstr("is being removed"));
  ASSERT_TRUE(store->RemoveModelVersion("spam", "1.0.0"));
  ASSERT_TRUE(store->RemoveModelVersion("spam", "1.1.0")) << "not begun";
  EXPECT_EQ(Number("SELECT COUNT(*) FROM models"), 4);
  EXPECT_EQ(store->ListAudit({.action = "registry.remove"}).value().size(), 1u);
}

}  // namespace
}  // namespace winnow
