#include "server/review_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <thread>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

constexpr int kThreads = 8;
constexpr int kRounds = 20;

class ReviewServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(dir_.path() / "data");
    for (const std::string name : {"first", "second"}) {
      std::string rows = "text\tlabel\n";
      for (int i = 0; i < 200; ++i) rows += name + " text " + std::to_string(i) + (i % 2 == 0 ? "\tham\n" : "\tspam\n");
      ASSERT_TRUE(WriteFileAtomically(dir_.path() / "data" / (name + ".tsv"), rows));
    }
    service_ = ReviewService::Open(dir_.path(), {}).value();
  }
  void TearDown() override { service_->Close(); }

  ApiResult<std::shared_ptr<ReviewSet>> Create(const std::string& data = "first") {
    NewReview review;
    review.settings.set = "mail";
    review.settings.data = data + ".tsv";
    review.settings.features = "tfidf";
    return service_->Create(std::move(review));
  }
  /// Calls a function by several threads at once. Returns the status codes, sorted: 200 for success.
  template <class Call>
  static std::vector<int> Statuses(const Call& call) {
    std::vector<int> statuses(kThreads);
    std::barrier begin(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        begin.arrive_and_wait();
        const auto result = call(i);
        statuses[static_cast<size_t>(i)] = result ? 200 : result.error().status;
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::ranges::sort(statuses);
    return statuses;
  }
  static std::vector<int> OneSucceeds(int others) {
    std::vector<int> statuses(kThreads, others);
    statuses.front() = 200;
    return statuses;
  }

  const TemporaryDirectory dir_;
  const fs::path review_ = dir_.path() / "reviews" / "mail", trash_ = dir_.path() / "trash" / "reviews" / "mail";
  std::shared_ptr<ReviewService> service_;
};

TEST_F(ReviewServiceTest, OfThreadsThatDeleteAReviewOneMovesItAndItsLabelsStay) {
  const std::shared_ptr<ReviewSet> set = Create().value();
  ASSERT_TRUE(set->Label("anna", {{.item = 3, .label = "ham"}}));
  for (int round = 0; round < kRounds; ++round) {
    EXPECT_EQ(Statuses([&](int) { return service_->Delete("mail"); }), OneSucceeds(404));
    EXPECT_FALSE(fs::exists(review_));
    EXPECT_THAT(ReadFile(trash_ / kLabelLog).value(), HasSubstr("anna"));
    ASSERT_TRUE(service_->Restore("mail"));
  }
  EXPECT_EQ(service_->Find("mail").value()->labelled(), 1U);
}

TEST_F(ReviewServiceTest, ARequestThatHoldsADeletedReviewWritesToNone) {
  const std::shared_ptr<ReviewSet> former = Create().value();
  ASSERT_TRUE(service_->Delete("mail"));
  const std::shared_ptr<ReviewSet> set = Create("second").value();
  const Result<void> labelled = former->Label("anna", {{.item = 3, .label = "ham"}});
  ASSERT_FALSE(labelled);
  EXPECT_EQ(labelled.error().message, "the review 'mail' was deleted meanwhile");
  EXPECT_FALSE(fs::exists(review_ / kLabelLog));
  ASSERT_TRUE(set->Label("ben", {{.item = 3, .label = "ham"}}));
}

TEST_F(ReviewServiceTest, AReviewWithoutADirectoryLeavesTheTrashAsItIs) {
  ASSERT_TRUE(Create());
  ASSERT_TRUE(service_->Delete("mail"));
  ASSERT_TRUE(Create());
  fs::remove_all(review_);
  EXPECT_EQ(service_->Delete("mail").error().status, 404);
  EXPECT_TRUE(fs::exists(trash_ / kReviewFile)) << "the review that was deleted before";
  EXPECT_TRUE(service_->Restore("mail"));
}

TEST_F(ReviewServiceTest, OfThreadsThatCreateAReviewOneSucceedsAndItsFilesAreOfOneDataFile) {
  for (int round = 0; round < kRounds; ++round) {
    EXPECT_EQ(Statuses([&](int i) { return Create(i % 2 == 0 ? "first" : "second"); }), OneSucceeds(409));
    const ReviewPool pool = ReadReview(review_).value();
    EXPECT_EQ(pool.texts.size(), 200U);
    EXPECT_EQ(pool.texts.front().text + ".tsv",
              pool.settings.data.substr(0, pool.settings.data.size() - 4) + " text 0.tsv");
    ASSERT_TRUE(service_->Delete("mail"));
  }
}

}  // namespace
}  // namespace winnow
