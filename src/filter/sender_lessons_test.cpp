#include "filter/sender_lessons.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

constexpr char kSender[] = "news@garden.example";

/// Events about one message, of which each comes after the others.
class CheckedMail {
 public:
  /// Adds an event. Returns the changes of the user's and of everybody's score.
  std::pair<double, double> Add(std::optional<bool> is_spam, const std::string& type = "user_rejection",
                                const std::string& source = "user", std::optional<std::string> user = "bob") {
    FeedbackEvent event{.idempotency_key = std::to_string(events_.size()),
                        .is_spam = is_spam,
                        .feedback_type = is_spam ? type : "forget",
                        .message_id = "m",
                        .user_id = std::move(user),
                        .source = source,
                        .created_at = StoreTime(std::chrono::days(20000))};
    for (const SenderLesson& lesson : SenderLessons(event, kSender, events_))
      (lesson.user.empty() ? common_ : personal_) += lesson.delta;
    events_.push_back({.id = static_cast<int64_t>(events_.size()), .event = std::move(event)});
    return {personal_, common_};
  }
  std::vector<StoredFeedback> events_;

 private:
  double personal_ = 0, common_ = 0;
};

using Scores = std::pair<double, double>;

TEST(SenderLessons, TheLastReportOfAUserCounts) {
  CheckedMail message;
  EXPECT_EQ(message.Add(true), Scores(1, 0));
  EXPECT_EQ(message.Add(true), Scores(1, 0));
  EXPECT_EQ(message.Add(false), Scores(-1, 0));
  EXPECT_EQ(message.Add(std::nullopt), Scores(0, 0));
  EXPECT_EQ(message.Add(true), Scores(1, 0));
  EXPECT_EQ(message.Add(true, "user_rejection", "user", "eve"), Scores(2, 0)) << "another user";
}

TEST(SenderLessons, AnAdministratorWithdrawsReportsOfPersonsToo) {
  CheckedMail message;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(message.Add(true), Scores(1, 0));
    EXPECT_EQ(message.Add(std::nullopt, "", "admin"), Scores(0, 0));
  }
  EXPECT_EQ(message.Add(true, "admin"), Scores(0, 1));
  EXPECT_EQ(message.Add(true), Scores(1, 1));
  EXPECT_EQ(message.Add(std::nullopt, "", "admin"), Scores(0, 0));
}

TEST(SenderLessons, OnlyWhatPeopleSayCounts) {
  CheckedMail message;
  EXPECT_EQ(message.Add(true, "user_rejection", "gpt"), Scores(0, 0));
  EXPECT_EQ(message.Add(true), Scores(1, 0));
  EXPECT_EQ(message.Add(true, "user_rejection", "user", std::nullopt), Scores(1, 1));
  EXPECT_TRUE(SenderLessons(message.events_.back().event, "", {}).empty()) << "no sender";
}

TEST(SenderLessons, KeysDifferByEventAndScore) {
  CheckedMail message;
  message.Add(true, "admin");
  message.Add(true);
  message.Add(std::nullopt, "", "admin");
  const std::vector<SenderLesson> lessons =
      SenderLessons(message.events_.back().event, kSender, std::span(message.events_).first(2));
  ASSERT_EQ(lessons.size(), 2u);
  EXPECT_NE(lessons[0].key, lessons[1].key);
}

TEST(EventsBefore, FindTheEventsPlace) {
  CheckedMail message;
  for (const bool spam : {true, false, true}) message.Add(spam);
  for (size_t i = 0; i < 3; ++i) message.events_[i].event.created_at += std::chrono::milliseconds(i);
  EXPECT_EQ(EventsBefore(message.events_, message.events_[0].event, false).size(), 0u);
  EXPECT_EQ(EventsBefore(message.events_, message.events_[2].event, false).size(), 2u);
  FeedbackEvent event = message.events_[1].event;
  event.created_at += std::chrono::hours(1);
  EXPECT_EQ(EventsBefore(message.events_, event, true).size(), 1u) << "sent again";
  EXPECT_EQ(EventsBefore(message.events_, event, false).size(), 3u) << "not in the store yet";
}

}  // namespace
}  // namespace winnow
