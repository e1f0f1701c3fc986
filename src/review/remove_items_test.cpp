#include "review/remove_items.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "base/files.h"
#include "review/queues.h"
#include "review/review_set.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class RemoveItemsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<PoolText> texts;
    for (size_t i = 0; i < 40; ++i) texts.push_back({.text = fmt::format("text {}", i), .given = "ham", .row = i + 2});
    ReviewSettings settings;
    settings.set = "mail";
    settings.data = "mail.tsv";
    settings.labels = {"ham", "spam"};
    settings.features = "tfidf";
    ASSERT_TRUE(CreateReview(path_, settings, texts));
  }
  void Label(const std::string& reviewer, std::vector<LabelDecision> decisions) {
    LogEntry entry{.kind = LogEntry::Kind::kLabels, .reviewer = reviewer};
    entry.decisions = std::move(decisions);
    ASSERT_TRUE(AppendEntry(path_ / kLabelLog, entry));
  }
  void Undo(const std::string& reviewer) {
    ASSERT_TRUE(AppendEntry(path_ / kLabelLog, {.kind = LogEntry::Kind::kUndo, .reviewer = reviewer}));
  }
  std::shared_ptr<ReviewSet> Open() {
    ReviewSetOptions options;
    options.sources.directory = path_;
    return ReviewSet::Open(std::move(options)).value();
  }
  Result<ItemRemoval> Remove(const std::set<std::string>& texts, const std::vector<std::string>& reviewers = {},
                             bool dry_run = false) {
    return RemoveItems(
        path_, dry_run, [&](std::string_view text) { return texts.contains(std::string(text)); }, reviewers);
  }
  std::vector<std::string> Audits() {
    std::vector<std::string> texts;
    for (const ReviewItem& item : Open()->Next(Queue::kAudit, 100, "x").items) texts.push_back(item.text);
    return texts;
  }

  TemporaryDirectory dir_;
  const fs::path path_ = dir_.path() / "mail";
};

using Labelled = std::vector<std::pair<std::string, std::string>>;

TEST_F(RemoveItemsTest, LabelsStayWithTheirTexts) {
  Label("anna", {{.item = 3, .label = "spam"}, {.item = 5, .label = "ham"}});
  Label("ben", {{.item = 30, .label = "spam"}, {.item = 31}});
  ASSERT_TRUE(WriteFileAtomically(path_ / "features.bin", "numbers of the old texts"));
  const std::string pool = ReadFile(path_ / kPoolFile).value();
  const auto dry = Remove({"text 4", "text 5"}, {}, /*dry_run=*/true);
  ASSERT_TRUE(dry) << dry.error().Text();
  EXPECT_EQ(ReadFile(path_ / kPoolFile).value(), pool);
  const auto removal = Remove({"text 4", "text 5"});
  ASSERT_TRUE(removal) << removal.error().Text();
  for (const ItemRemoval& each : {*dry, *removal}) {
    EXPECT_EQ(each.texts, 40u);
    EXPECT_EQ(each.removed, 2u);
    EXPECT_EQ(each.decisions, 1u);
  }
  const auto set = Open();
  EXPECT_EQ(set->total(), 38u);
  EXPECT_EQ(set->Labelled(false), (Labelled{{"text 3", "spam"}, {"text 30", "spam"}}));
  EXPECT_EQ(set->Stats().skipped, 1u);
  EXPECT_EQ(set->Undo("ben").value()->first.text, "text 31");
  EXPECT_EQ(set->Undo("ben").value()->first.text, "text 30");
  EXPECT_FALSE(fs::exists(path_ / "features.bin"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()), 1);
  const std::string kept = ReadFile(path_ / kPoolFile).value();
  EXPECT_EQ(kept.size() + fmt::format("{0}{0}", pool.substr(0, pool.find('\n') + 1)).size(), pool.size());
}

TEST_F(RemoveItemsTest, AuditsStayAudits) {
  std::vector<std::string> audits = Audits();
  ASSERT_EQ(audits.size(), 8u);
  std::set<std::string> removed = {audits[2], "text 0", "text 39"};
  const auto still = [&] {
    std::vector<std::string> left;
    for (const std::string& text : audits) {
      if (!removed.contains(text)) left.push_back(text);
    }
    return left;
  };
  ASSERT_TRUE(Remove(removed));
  EXPECT_EQ(Audits(), still());
  // Once more, when numbers have moved.
  removed.insert({audits[5], "text 20", "text 1"});
  ASSERT_TRUE(Remove(removed));
  EXPECT_EQ(Audits(), still());
  EXPECT_EQ(Open()->settings().removed.size(), 40 - Open()->total());
}

TEST_F(RemoveItemsTest, AWithdrawalOfARemovedDecisionWithdrawsNoOther) {
  Label("anna", {{.item = 1, .label = "spam"}});
  Label("anna", {{.item = 2, .label = "spam"}});
  Undo("anna");  // of item 2
  Label("ben", {{.item = 1, .label = "ham"}});
  ASSERT_TRUE(Remove({"text 2"}));
  const auto set = Open();
  EXPECT_EQ(set->Labelled(false), (Labelled{{"text 1", "ham"}}));
  EXPECT_TRUE(set->Undo("ben").value());
  EXPECT_EQ(set->Labelled(false), (Labelled{{"text 1", "spam"}})) << "what was decided before comes back";
}

TEST_F(RemoveItemsTest, DecisionsOfAReviewerWaitAgain) {
  Label("anna", {{.item = 1, .label = "spam"}, {.item = 2, .label = "spam"}});
  Label("ben", {{.item = 2, .label = "ham"}, {.item = 3, .label = "ham"}});
  Label("anna", {{.item = 3, .label = "spam"}});
  ASSERT_TRUE(WriteFileAtomically(path_ / "features.bin", "numbers"));
  const auto removal = Remove({}, {"anna"});
  ASSERT_TRUE(removal) << removal.error().Text();
  EXPECT_EQ(removal->removed, 0u);
  EXPECT_EQ(removal->decisions, 3u);
  EXPECT_EQ(Open()->Labelled(false), (Labelled{{"text 2", "ham"}, {"text 3", "ham"}}));
  EXPECT_TRUE(fs::exists(path_ / "features.bin")) << "the texts are the same";
  EXPECT_EQ(ReadFile(path_ / kLabelLog).value().find("anna"), std::string::npos);
}

TEST_F(RemoveItemsTest, AReviewWithoutTextsIsRemoved) {
  std::set<std::string> all;
  for (size_t i = 0; i < 40; ++i) all.insert(fmt::format("text {}", i));
  EXPECT_EQ(Remove(all)->removed, 40u);
  EXPECT_TRUE(fs::is_empty(dir_.path()));
}

TEST_F(RemoveItemsTest, LeftoversOfKilledProcessesAreRemoved) {
  const fs::path old = dir_.path() / ".mail.old", unfinished = dir_.path() / ".mail.new";
  fs::rename(path_, old);
  ASSERT_TRUE(fs::create_directory(unfinished));
  ASSERT_TRUE(RemoveUnfinishedReviews(dir_.path()));
  EXPECT_EQ(Open()->total(), 40u) << "the former one is put back";
  EXPECT_FALSE(fs::exists(unfinished));
  EXPECT_FALSE(fs::exists(old));
}

TEST(LogWithout, LeadsToTheSameLabelsWithoutWithdrawals) {
  LogEntry first{.kind = LogEntry::Kind::kLabels, .reviewer = "anna"};
  first.decisions = {{.item = 0, .label = "a"}, {.item = 1, .label = "b"}};
  const LogEntry undo{.kind = LogEntry::Kind::kUndo, .reviewer = "anna"};
  LogEntry add{.kind = LogEntry::Kind::kAddLabels};
  add.add = {"c"};
  const std::vector<LogEntry> log = LogWithout({first, undo, add, undo, undo}, {true, true}, {});
  ASSERT_EQ(log.size(), 1u);
  EXPECT_THAT(log[0].add, ElementsAre("c"));
}

}  // namespace
}  // namespace winnow
