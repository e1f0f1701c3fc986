#include "review/review_state.h"

#include <gmock/gmock.h>

namespace winnow {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

LogEntry Labels(std::string reviewer, std::vector<LabelDecision> decisions) {
  LogEntry entry{.kind = LogEntry::Kind::kLabels, .reviewer = std::move(reviewer)};
  entry.decisions = std::move(decisions);
  return entry;
}
LogEntry Undo(std::string reviewer) { return {.kind = LogEntry::Kind::kUndo, .reviewer = std::move(reviewer)}; }

class ReviewStateTest : public testing::Test {
 protected:
  std::optional<ReviewState::Undone> Apply(const LogEntry& entry) { return state_.Apply(entry).value(); }
  ReviewState state_{10, {"ham", "spam"}};
};

TEST_F(ReviewStateTest, CountsLabelsAndSkips) {
  Apply(Labels("anna", {{.item = 3, .label = "spam"}, {.item = 4}}));
  EXPECT_EQ(state_.labelled(), 1u);
  EXPECT_EQ(state_.item(3).label, 1);
  EXPECT_THAT(state_.Skipped(), ElementsAre(4));
  Apply(Labels("anna", {{.item = 4, .label = "ham"}}));
  EXPECT_EQ(state_.labelled(), 2u);
  EXPECT_EQ(state_.skipped(), 0u);
}

TEST_F(ReviewStateTest, SkippedItemsAreInTheOrderOfSkipping) {
  for (const size_t item : {5u, 2u, 7u}) Apply(Labels("anna", {{.item = item}}));
  EXPECT_THAT(state_.Skipped(), ElementsAre(5, 2, 7));
}

TEST_F(ReviewStateTest, UndoGoesBackToTheBeginning) {
  for (size_t item = 0; item < 5; ++item) Apply(Labels("anna", {{.item = item, .label = "spam"}}));
  for (size_t item = 5; item-- > 0;) EXPECT_EQ(Apply(Undo("anna"))->item, item);
  EXPECT_EQ(state_.labelled(), 0u);
  EXPECT_FALSE(state_.CanUndo("anna"));
  EXPECT_EQ(Apply(Undo("anna")), std::nullopt);
}

TEST_F(ReviewStateTest, UndoIsOfTheReviewersOwnDecisionsThatStand) {
  Apply(Labels("anna", {{.item = 1, .label = "spam"}}));
  Apply(Labels("anna", {{.item = 2, .label = "spam"}}));
  Apply(Labels("ben", {{.item = 2, .label = "ham"}}));
  EXPECT_EQ(Apply(Undo("anna"))->item, 1u) << "ben has decided about item 2 since";
  EXPECT_EQ(state_.item(2).label, 0);
  EXPECT_EQ(Apply(Undo("ben"))->label, "ham");
  EXPECT_EQ(state_.item(2).label, 1) << "what anna said counts again";
}

TEST_F(ReviewStateTest, UndoOfASkipIsNoLabel) {
  Apply(Labels("anna", {{.item = 1}}));
  const auto undone = Apply(Undo("anna"));
  EXPECT_EQ(undone->item, 1u);
  EXPECT_EQ(undone->label, std::nullopt);
}

TEST_F(ReviewStateTest, RefusesWhatDoesNotExist) {
  EXPECT_EQ(state_.Apply(Labels("anna", {{.item = 10, .label = "ham"}})).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(state_.Apply(Labels("anna", {{.item = 1, .label = "news"}})).error().code, ErrorCode::kNotFound);
  LogEntry add{.kind = LogEntry::Kind::kAddLabels};
  add.add = {"ham"};
  EXPECT_EQ(state_.Apply(add).error().code, ErrorCode::kExists);
  add.add = {"news"};
  Apply(add);
  Apply(Labels("anna", {{.item = 1, .label = "news"}}));
  EXPECT_EQ(state_.item(1).label, 2);
}

TEST_F(ReviewStateTest, LeasesLastTwoMinutesAndBindOthers) {
  const ReviewState::Clock::time_point now = ReviewState::Clock::now();
  state_.Lease(3, "anna", now, /*random=*/true);
  EXPECT_TRUE(state_.IsTaken(3, "ben", now + seconds(119)));
  EXPECT_FALSE(state_.IsTaken(3, "anna", now));
  EXPECT_FALSE(state_.IsTaken(3, "ben", now + seconds(121)));
  EXPECT_TRUE(state_.WasRandom(3, "anna"));
  EXPECT_FALSE(state_.WasRandom(3, "ben"));
  Apply(Labels("anna", {{.item = 3, .label = "ham"}}));
  EXPECT_FALSE(state_.IsTaken(3, "ben", now)) << "a label ends the lease";
}

}  // namespace
}  // namespace winnow
