#include "feedback/trust.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "feedback/campaign_memory.h"

namespace winnow {
namespace {

using testing::ElementsAre;

constexpr StoreTime kStart = StoreTime(std::chrono::seconds(1'800'000'000));

FeedbackEvent Event(const std::string& user, const std::string& text, bool spam, StoreTime at = kStart) {
  FeedbackEvent event;
  event.text = text;
  event.user_id = user;
  event.is_spam = spam;
  event.feedback_type = "user_rejection";
  event.created_at = at;
  return event;
}

/// Texts that are no near-duplicates of each other.
std::string Text(int number) {
  std::string text;
  Random random(static_cast<uint64_t>(number), "text");
  for (int i = 0; i < 12; ++i) {
    for (int letter = 0; letter < 6; ++letter) text += static_cast<char>('a' + random.Below(26));
    text += ' ';
  }
  return text;
}

TEST(Trust, GrowsByAgreementWithBlindLabelsAndFallsByContradiction) {
  std::vector<FeedbackEvent> events;
  std::map<std::string, std::string> labels;
  for (int i = 0; i < 7; ++i) {
    labels[Text(i)] = "spam";
    events.push_back(Event("anna", Text(i), true));
    events.push_back(Event("ben", Text(i), i > 0));
  }
  const TrustTable trust = ComputeTrust(CurrentFeedback(events), labels);
  EXPECT_EQ(trust.users().at("anna").agreed, 7);
  EXPECT_EQ(trust.users().at("ben").disagreed, 1);
  EXPECT_NEAR(trust.WeightOf("anna"), 0.7498942093, 1e-9) << "0.1^(1/8)";
  EXPECT_LT(trust.WeightOf("ben"), 0.7);
  EXPECT_NEAR(trust.WeightOf("nobody"), 0.1, 1e-12);
  EXPECT_THAT(trust.TrustedUsers(), ElementsAre("anna"));
}

TEST(Trust, IsTheSameWhateverUsersSaidBefore) {
  const std::map<std::string, std::string> labels = {{Text(1), "spam"}};
  std::vector<FeedbackEvent> events = {Event("anna", Text(1), false),
                                       Event("anna", Text(1), true, kStart + std::chrono::seconds(1))};
  const TrustTable whole = ComputeTrust(CurrentFeedback(events), labels);
  const TrustTable last = ComputeTrust(CurrentFeedback(std::span(events).last(1)), labels);
  EXPECT_EQ(whole.WeightOf("anna"), last.WeightOf("anna"));
  EXPECT_EQ(whole.users().at("anna").disagreed, 0);
}

TEST(Trust, ManyReportsAboutOneCampaignCountAsOne) {
  std::vector<FeedbackEvent> events;
  const std::string text = Text(1);
  for (int i = 0; i < 20; ++i) events.push_back(Event("anna", fmt::format("{} code {}", text, i), true));
  const TrustTable trust = ComputeTrust(CurrentFeedback(events), {{text + " code 99", "spam"}});
  EXPECT_EQ(trust.users().at("anna").agreed, 1);
}

TEST(Trust, AdministratorsJudgeWhatHasNoBlindLabel) {
  const auto admin = [](const std::string& name, bool spam, int seconds) {
    FeedbackEvent event = Event(name, Text(1), spam, kStart + std::chrono::seconds(seconds));
    event.source = "admin";
    return event;
  };
  const auto of_anna = [](const std::vector<FeedbackEvent>& events, const std::map<std::string, std::string>& labels) {
    const UserTrust trust = ComputeTrust(CurrentFeedback(events), labels).users().at("anna");
    return std::pair(trust.agreed, trust.disagreed);
  };
  std::vector<FeedbackEvent> events = {Event("anna", Text(1), true), admin("root", true, 2)};
  EXPECT_EQ(of_anna(events, {}), std::pair(1, 0));
  events.push_back(admin("a second one", false, 1));
  EXPECT_EQ(of_anna(events, {}), std::pair(1, 0)) << "the newest word of an administrator counts";
  events.push_back(admin("a third one", false, 3));
  EXPECT_EQ(of_anna(events, {}), std::pair(0, 1));
  EXPECT_EQ(of_anna(events, {{Text(1), "spam"}}), std::pair(1, 0)) << "blind labels count more";
}

TEST(Trust, ACampaignWithDifferentBlindLabelsJudgesNobody) {
  const std::string text = Text(1);
  const std::vector<FeedbackEvent> events = {Event("anna", text + " code 3", true)};
  const TrustTable trust =
      ComputeTrust(CurrentFeedback(events), {{text + " code 1", "spam"}, {text + " code 2", "ham"}});
  EXPECT_EQ(trust.users().at("anna").agreed, 0);
  EXPECT_EQ(trust.users().at("anna").disagreed, 0);
}

TEST(Trust, TrustedUsersJudgeWhatNobodyHasLabelled) {
  std::vector<FeedbackEvent> events;
  std::map<std::string, std::string> labels;
  for (int i = 0; i < 8; ++i) {
    labels[Text(i)] = "ham";
    for (const char* user : {"anna", "ben", "cleo"}) events.push_back(Event(user, Text(i), false));
  }
  for (const char* user : {"anna", "ben", "cleo", "dora"}) events.push_back(Event(user, Text(100), user[0] != 'd'));
  const TrustTable trust = ComputeTrust(CurrentFeedback(events), labels);
  EXPECT_EQ(trust.users().at("dora").disagreed, 1);
  EXPECT_EQ(trust.users().at("anna").agreed, 8) << "two others are not enough";
}

/// A thousand accounts, 50 of which collude. First they earn trust by honest reports about spam campaigns; then, on
/// each of 30 days, a bank sends a mail to every account, with a number of its own in each, and the colluding accounts
/// receive it first and report it as spam. Of the others, one in ten corrects a mail that was judged spam. One in 200
/// verdicts gets a blind label overnight.
class BankSimulation {
 public:
  static constexpr int kUsers = 1000, kColluding = 50, kDays = 30;

  double FalsePositiveRate() {
    EarnTrust();
    int delivered = 0, judged_spam = 0;
    for (int day = 0; day < kDays; ++day) {
      now_ += std::chrono::days(1);
      for (const int user : Order()) {
        now_ += std::chrono::milliseconds(1000);
        const std::string mail = Mail(day, user);
        const bool spam = Judge(mail, Name(user), day + 1000);
        if (user < kColluding) {
          Report(Name(user), mail, true);
          continue;
        }
        ++delivered;
        judged_spam += spam ? 1 : 0;
        if (spam && random_.Below(10) == 0) Report(Name(user), mail, false);
      }
      UpdateTrust();
    }
    return static_cast<double>(judged_spam) / delivered;
  }

  size_t trusted_at_first() const { return trusted_at_first_; }

 private:
  static std::string Name(int user) { return fmt::format("user{}", user); }
  static std::string Mail(int day, int user) {
    return fmt::format("{}your statement of account {} is ready in the mailbox of your online banking",
                       Text(5000 + day), 100000 + user);
  }

  std::vector<int> Order() {
    std::vector<int> others;
    for (int user = kColluding; user < kUsers; ++user) others.push_back(user);
    random_.Shuffle(others);
    std::vector<int> order;
    for (int user = 0; user < kColluding; ++user) order.push_back(user);
    order.insert(order.end(), others.begin(), others.end());
    return order;
  }

  void EarnTrust() {
    for (int campaign = 0; campaign < 12; ++campaign) {
      now_ += std::chrono::hours(1);
      labels_[Text(campaign)] = "spam";
      for (int user = 0; user < kUsers; ++user) {
        if (user < kColluding || random_.Below(4) < 3) Report(Name(user), Text(campaign), true);
      }
    }
    UpdateTrust();
    trusted_at_first_ = ComputeTrust(CurrentFeedback(events_), labels_).TrustedUsers().size();
  }

  /// Returns the verdict of the memory, and draws it for an audit.
  bool Judge(const std::string& text, const std::string& user, int) {
    const auto hit = memory_.Find(text, user, now_);
    if (random_.Below(200) == 0) drawn_.push_back(text);
    return hit && hit->is_spam;
  }

  void Report(const std::string& user, const std::string& text, bool spam) {
    events_.push_back(Event(user, text, spam, now_));
    memory_.Learn(events_.back(), spam ? "" : "bank.example");
  }

  void UpdateTrust() {
    for (const std::string& text : drawn_) labels_[text] = "ham";
    drawn_.clear();
    memory_.SetTrustedUsers(ComputeTrust(CurrentFeedback(events_), labels_).TrustedUsers());
  }

  Random random_{5, "bank"};
  StoreTime now_ = kStart;
  CampaignMemory memory_;
  std::vector<FeedbackEvent> events_;
  std::map<std::string, std::string> labels_;
  std::vector<std::string> drawn_;
  size_t trusted_at_first_ = 0;
};

TEST(Trust, AccountsThatColludeAgainstABankCannotHaveItsMailJudgedSpam) {
  BankSimulation simulation;
  const double rate = simulation.FalsePositiveRate();
  EXPECT_GT(simulation.trusted_at_first(), 500u) << "the attack begins with trusted accounts";
  EXPECT_GT(rate, 0) << "the first mails are judged spam";
  EXPECT_LT(rate, 0.005);
}

TEST(Trust, CapsBoundTheTrustThatOneDayCanEarn) {
  std::vector<FeedbackEvent> events;
  std::map<std::string, std::string> labels;
  for (int i = 0; i < 30; ++i) {
    labels[Text(i)] = "spam";
    events.push_back(Event("anna", Text(i), true));
  }
  const TrustTable trust = ComputeTrust(CurrentFeedback(events), labels, {.caps = {.per_user = 5, .per_sender = 100}});
  EXPECT_EQ(trust.users().at("anna").agreed, 5);
}

}  // namespace
}  // namespace winnow
