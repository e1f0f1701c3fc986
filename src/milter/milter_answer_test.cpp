#include "milter/milter_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using Disposition = MilterAnswer::Disposition;

const MailVerdict kSpam = {.is_spam = true,
                           .action = "add header",
                           .score = 7.456,
                           .required_score = 6,
                           .symbols = {{"PRIZE", 2}, {"LINK", .5}}};

TEST(MilterAnswer, SaysWhatTheVerdictIs) {
  const MilterAnswer spam = AnswerFor(kSpam, SpamAction::kHeader);
  EXPECT_EQ(spam.disposition, Disposition::kDeliver);
  EXPECT_THAT(spam.headers, ElementsAre(Pair("X-Spam", "Yes"), Pair("X-Spam-Score", "7.46"),
                                        Pair("X-Spam-Symbols", "PRIZE(2.00), LINK(0.50)")));
  MailVerdict ham = kSpam;
  ham.is_spam = false;
  ham.symbols.clear();
  EXPECT_THAT(AnswerFor(ham, SpamAction::kHeader).headers,
              ElementsAre(Pair("X-Spam", "No"), Pair("X-Spam-Score", "7.46")));
}

TEST(MilterAnswer, SpamAloneIsQuarantinedOrRejected) {
  MailVerdict ham = kSpam;
  ham.is_spam = false;
  EXPECT_EQ(AnswerFor(kSpam, SpamAction::kQuarantine).disposition, Disposition::kQuarantine);
  EXPECT_EQ(AnswerFor(kSpam, SpamAction::kReject).disposition, Disposition::kReject);
  EXPECT_EQ(AnswerFor(ham, SpamAction::kQuarantine).disposition, Disposition::kDeliver);
  EXPECT_EQ(AnswerFor(ham, SpamAction::kReject).disposition, Disposition::kDeliver);
}

TEST(MilterAnswer, NamesOfSymbolsForgeNoHeader) {
  MailVerdict verdict = kSpam;
  verdict.symbols = {{"A\r\nX-Spam: No", 1}, {"B(9), C", 2}};
  const std::string symbols = AnswerFor(verdict, SpamAction::kHeader).headers.back().second;
  EXPECT_EQ(symbols, "AX-Spam:No(1.00), B9C(2.00)");
}

TEST(MilterAnswer, ManySymbolsAreFolded) {
  MailVerdict verdict = kSpam;
  verdict.symbols.clear();
  for (int i = 0; i < 300; ++i) verdict.symbols.emplace_back("SYMBOL_" + std::to_string(i), i);
  verdict.symbols[1].first = std::string(1000, 'X');
  const std::string symbols = AnswerFor(verdict, SpamAction::kHeader).headers.back().second;
  EXPECT_THAT(symbols, HasSubstr("SYMBOL_0(0.00),\n\tX"));
  EXPECT_THAT(symbols, HasSubstr("SYMBOL_99(99.00)"));
  EXPECT_THAT(symbols, Not(HasSubstr("SYMBOL_100(")));
  EXPECT_FALSE(symbols.ends_with(','));
  size_t begin = 0;
  for (size_t end = symbols.find('\n'); end != std::string::npos; begin = end + 1, end = symbols.find('\n', begin)) {
    EXPECT_LE(end - begin, 78u);
  }
}

TEST(MilterAnswer, AFailureIsAcceptedOrTriedAgain) {
  EXPECT_EQ(AnswerForFailure(ErrorAction::kTempFail).disposition, Disposition::kTempFail);
  const MilterAnswer accepted = AnswerForFailure(ErrorAction::kAccept);
  EXPECT_EQ(accepted.disposition, Disposition::kDeliver);
  EXPECT_THAT(accepted.headers, ElementsAre(Pair("X-Spam-Skipped", HasSubstr("not available"))));
  EXPECT_THAT(AnswerForLarge(9).headers, ElementsAre(Pair("X-Spam-Skipped", HasSubstr("(9 bytes)"))));
}

}  // namespace
}  // namespace winnow
