#include "review/review_set.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <new>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/random.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using std::chrono::seconds;

/// Texts of three topics, whose words tell the topic; every topic has its label.
const std::vector<std::string> kTopics = {"card", "transfer", "weather"};

std::vector<PoolText> Texts(size_t count) {
  const std::vector<std::vector<std::string>> words = {{"card", "pin", "cash", "lost", "visa"},
                                                       {"transfer", "account", "send", "bank", "euro"},
                                                       {"rain", "sun", "snow", "wind", "cloud"}};
  Random random(3, "texts");
  std::vector<PoolText> texts;
  for (size_t i = 0; i < count; ++i) {
    std::string text = fmt::format("number {}", i);
    for (int w = 0; w < 4; ++w) text += " " + words[i % 3][random.Below(5)];
    texts.push_back({.text = text, .given = {}, .row = i + 2});
  }
  return texts;
}

class ReviewSetTest : public testing::Test {
 protected:
  void Create(size_t count, bool with_given = false) {
    std::vector<PoolText> texts = Texts(count);
    for (size_t i = 0; with_given && i < count; ++i) texts[i].given = kTopics[i == 4 ? 2 : i % 3];
    ReviewSettings settings;
    settings.set = "topics";
    settings.data = "topics.tsv";
    settings.labels = kTopics;
    settings.features = "tfidf";
    ASSERT_TRUE(CreateReview(path_, settings, texts));
  }
  std::shared_ptr<ReviewSet> Open(bool start = true) {
    ReviewSetOptions options;
    options.sources.directory = path_;
    options.changed = [this](const std::string&, size_t labelled) { changed_ = labelled; };
    std::shared_ptr<ReviewSet> set = ReviewSet::Open(std::move(options)).value();
    if (start) {
      set->Start();
      EXPECT_TRUE(set->WaitUntilFitted(seconds(300))) << set->Status().error;
    }
    return set;
  }
  static LabelDecision Truth(size_t item) { return {.item = item, .label = kTopics[item % 3]}; }
  /// Labels `count` texts of the queue, one by one; returns them.
  static std::vector<ReviewItem> LabelNext(ReviewSet& set, size_t count, Queue queue = Queue::kMixed) {
    std::vector<ReviewItem> labelled;
    while (labelled.size() < count) {
      const NextItems next = set.Next(queue, 1, "anna");
      if (next.items.empty()) break;
      labelled.push_back(next.items.front());
      EXPECT_TRUE(set.Label("anna", {Truth(labelled.back().item)}));
    }
    EXPECT_TRUE(set.WaitUntilFitted(seconds(300)));
    return labelled;
  }

  TemporaryDirectory dir_;
  std::filesystem::path path_ = dir_.path() / "topics";
  std::atomic<size_t> changed_ = 0;
};

TEST_F(ReviewSetTest, CanBeLabelledBeforeItIsPrepared) {
  Create(60);
  const auto set = Open(/*start=*/false);
  EXPECT_EQ(set->Status().phase, ReviewPhase::kPreparing);
  const NextItems next = set->Next(Queue::kMixed, 5, "anna");
  EXPECT_EQ(next.items.size(), 5u);
  EXPECT_EQ(next.left, 60u);
  EXPECT_TRUE(set->Label("anna", {Truth(next.items[0].item)}));
  EXPECT_EQ(changed_, 1u);
}

TEST_F(ReviewSetTest, LearnsWhileTextsAreLabelled) {
  Create(300);
  const auto set = Open();
  LabelNext(*set, 40);
  size_t right = 0, count = 0;
  const NextItems next = set->Next(Queue::kMixed, 100, "anna");
  for (const ReviewItem& item : next.items) {
    if (!item.suggestion) continue;
    ++count;
    right += item.suggestion->first == kTopics[item.item % 3] ? 1 : 0;
  }
  EXPECT_GT(count, 50u);
  EXPECT_GE(right, count * 9 / 10);
  EXPECT_EQ(set->Stats().labelled, 40u);
}

TEST_F(ReviewSetTest, BlindTextsNeverShowASuggestion) {
  Create(300, /*with_given=*/true);
  const auto set = Open();
  size_t blind = 0, shown = 0;
  for (int round = 0; round < 4; ++round) {
    for (size_t q = 0; q < kQueues; ++q) {
      for (const ReviewItem& item : set->Next(static_cast<Queue>(q), 100, "anna").items) {
        if (!IsBlind(item.queue)) {
          ++shown;
          EXPECT_TRUE(item.suggestion && item.given);
          continue;
        }
        ++blind;
        EXPECT_FALSE(item.suggestion || item.given);
        EXPECT_TRUE(item.scores.empty());
      }
    }
    LabelNext(*set, 10);
  }
  EXPECT_GT(blind, 100u);
  EXPECT_GT(shown, 100u);
}

TEST_F(ReviewSetTest, EveryFifthTextIsAnAudit) {
  Create(300);
  const auto set = Open();
  size_t audits = 0;
  for (const ReviewItem& item : LabelNext(*set, 50)) audits += item.queue == Queue::kAudit ? 1 : 0;
  EXPECT_GE(audits, 9u) << "a refit may end a round early";
  EXPECT_LE(audits, 11u);
}

TEST_F(ReviewSetTest, TwoReviewersNeverGetOneText) {
  Create(300);
  const auto set = Open();
  std::set<size_t> of_anna, of_ben;
  for (const ReviewItem& item : set->Next(Queue::kMixed, 30, "anna").items) of_anna.insert(item.item);
  for (const Queue queue : {Queue::kMixed, Queue::kUnsure, Queue::kAudit, Queue::kNewCluster}) {
    for (const ReviewItem& item : set->Next(queue, 30, "ben").items) of_ben.insert(item.item);
  }
  EXPECT_EQ(of_anna.size(), 30u);
  for (const size_t item : of_ben) EXPECT_FALSE(of_anna.contains(item)) << item;
}

TEST_F(ReviewSetTest, AnExceptionOfItsThreadIsAFailureOfThePreparation) {
  Create(60);
  ReviewSetOptions options;
  options.sources.directory = path_;
  options.contradictions = []() -> std::vector<std::string> { throw std::bad_alloc(); };
  const std::shared_ptr<ReviewSet> set = ReviewSet::Open(std::move(options)).value();
  set->Start();
  EXPECT_FALSE(set->WaitUntilFitted(seconds(300)));
  EXPECT_EQ(set->Status().phase, ReviewPhase::kFailed);
  EXPECT_TRUE(set->Label("anna", {Truth(3)})) << "texts can be labelled all the same";
}

TEST_F(ReviewSetTest, ThreadsOfReviewersNeverLabelOneTextTwice) {
  Create(400);
  const auto set = Open();
  std::vector<std::vector<size_t>> labelled(3);
  std::vector<std::thread> reviewers;
  for (size_t r = 0; r < labelled.size(); ++r) {
    reviewers.emplace_back([&, r] {
      const std::string name = fmt::format("reviewer {}", r);
      for (int i = 0; i < 60; ++i) {
        const NextItems next = set->Next(Queue::kMixed, 3, name);
        if (next.items.empty()) return;
        const size_t item = next.items.front().item;
        if (set->Label(name, {Truth(item)})) labelled[r].push_back(item);
      }
    });
  }
  for (std::thread& thread : reviewers) thread.join();
  std::set<size_t> all;
  for (const auto& items : labelled) all.insert(items.begin(), items.end());
  EXPECT_EQ(all.size(), 180u);
  EXPECT_EQ(set->Stats().labelled, 180u);
}

TEST_F(ReviewSetTest, IsRebuiltFromItsLog) {
  Create(200);
  std::string log;
  {
    const auto set = Open();
    LabelNext(*set, 25);
    ASSERT_TRUE(set->Label("anna", {{.item = set->Next(Queue::kMixed, 1, "anna").items[0].item}}));
    ASSERT_TRUE(set->AddLabels({"other"}));
    ASSERT_TRUE(set->Undo("anna").value());
    ASSERT_TRUE(set->Undo("anna").value());
  }
  const auto set = Open();
  const ReviewStats stats = set->Stats();
  EXPECT_EQ(stats.labelled, 24u);
  EXPECT_EQ(stats.skipped, 0u);
  EXPECT_EQ(set->labels().back(), "other");
  for (int i = 0; i < 24; ++i) ASSERT_TRUE(set->Undo("anna").value()) << "undo goes on after a restart";
  EXPECT_FALSE(set->Undo("anna").value());
  EXPECT_EQ(set->Stats().labelled, 0u);
}

TEST_F(ReviewSetTest, AfterRefitsHasTheHeadOfAFitFromNothing) {
  Create(200);
  std::vector<float> scores, again;
  const auto scores_of = [](ReviewSet& set) {
    std::vector<float> values;
    for (const ReviewItem& item : set.Next(Queue::kOutOfScope, 100, "anna").items) {
      if (item.suggestion) values.push_back(item.suggestion->second);
    }
    std::ranges::sort(values);
    return values;
  };
  {
    const auto set = Open();
    // A fit that began late would leave up to kRefitEvery - 1 of the last labels to a next one.
    for (uint64_t labels = 0; labels < 50; labels += ReviewSet::kRefitEvery) LabelNext(*set, ReviewSet::kRefitEvery);
    scores = scores_of(*set);
  }
  again = scores_of(*Open());
  ASSERT_EQ(scores.size(), again.size());
  ASSERT_GT(scores.size(), 50u);
  for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], again[i], 1e-3) << i;
}

TEST_F(ReviewSetTest, SkippedTextsComeBackAtTheEnd) {
  Create(30);
  const auto set = Open();
  const size_t skipped = set->Next(Queue::kMixed, 1, "anna").items[0].item;
  ASSERT_TRUE(set->Label("anna", {{.item = skipped}}));
  const std::vector<ReviewItem> rest = LabelNext(*set, 30);
  ASSERT_EQ(rest.size(), 30u);
  EXPECT_EQ(rest.back().item, skipped);
  EXPECT_EQ(set->Next(Queue::kMixed, 5, "anna").left, 0u);
}

TEST_F(ReviewSetTest, FindsTheWrongLabelOfTheData) {
  Create(300, /*with_given=*/true);
  const auto set = Open();
  const NextItems next = set->Next(Queue::kSuspects, 5, "anna");
  // Text 4 may be kept for audits; then nothing is suspect.
  for (const ReviewItem& item : next.items) {
    if (item.queue != Queue::kSuspects) continue;
    EXPECT_EQ(item.item, 4u);
    EXPECT_EQ(item.given, "weather");
    EXPECT_EQ(item.suggestion->first, "transfer");
  }
}

TEST_F(ReviewSetTest, GroupsTextsOfOneSuggestion) {
  Create(300);
  const auto set = Open();
  LabelNext(*set, 60);
  const std::vector<ItemGroup> groups = set->Groups(GroupBy::kSuggestion, 10, "anna");
  ASSERT_FALSE(groups.empty());
  for (const ItemGroup& group : groups) {
    EXPECT_GE(group.size, group.items.size());
    for (const ReviewItem& item : group.items) {
      EXPECT_EQ(item.suggestion->first, group.label);
      EXPECT_EQ(item.queue, Queue::kMixed);
    }
  }
  std::vector<LabelDecision> decisions;
  for (const ReviewItem& item : groups[0].items) decisions.push_back({.item = item.item, .label = groups[0].label});
  ASSERT_TRUE(set->Label("anna", decisions));
  EXPECT_EQ(set->Stats().labelled, 60 + decisions.size());
}

TEST_F(ReviewSetTest, ComputesFeaturesOnce) {
  Create(60);
  Open();
  const auto written = std::filesystem::last_write_time(path_ / "features.bin");
  Open();
  EXPECT_EQ(std::filesystem::last_write_time(path_ / "features.bin"), written);
  std::string damaged = ReadFile(path_ / "features.bin").value();
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  ASSERT_TRUE(WriteFileAtomically(path_ / "features.bin", damaged));
  Open();
  EXPECT_NE(ReadFile(path_ / "features.bin").value(), damaged) << "damaged numbers are computed again";
}

}  // namespace
}  // namespace winnow
