#include "milter/mail_collector.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(MailCollector, PutsTheBytesOfAMessageTogether) {
  MailCollector collector(1000);
  collector.AddHeader("From", " Joe <joe@example.com>");
  collector.AddHeader("Subject", " a long\n subject\r\n\tof three lines");
  collector.AddHeader("Empty", "");
  collector.EndHeaders();
  collector.AddBody("one\r\n");
  collector.AddBody("two\r\n");
  EXPECT_EQ(
      collector.mail(),
      "From: Joe <joe@example.com>\r\nSubject: a long\r\n subject\r\n\tof three lines\r\nEmpty:\r\n\r\none\r\ntwo\r\n");
  EXPECT_EQ(collector.size(), collector.mail().size());
  EXPECT_FALSE(collector.too_large());
}

TEST(MailCollector, CountsHeadersThatCouldPassForOurs) {
  MailCollector collector(1000);
  collector.AddHeader("x-spam", " No");
  collector.AddHeader("X-SPAM ", " No");
  collector.AddHeader("X-Spam-Score", " -9");
  collector.AddHeader("X-Spam-Flag", " YES");
  EXPECT_EQ(collector.SpamHeaders(0), 2);
  EXPECT_EQ(collector.SpamHeaders(1), 1);
  EXPECT_EQ(collector.SpamHeaders(2), 0);
  EXPECT_EQ(collector.SpamHeaders(3), 0);
}

TEST(MailCollector, KeepsNothingOfAMessageThatIsTooLarge) {
  MailCollector collector(20);
  collector.AddHeader("A", " b");
  collector.EndHeaders();
  collector.AddBody("0123456789");
  EXPECT_FALSE(collector.too_large());
  EXPECT_EQ(collector.size(), 18u);
  collector.AddBody("012");
  EXPECT_TRUE(collector.too_large());
  collector.AddBody("0");
  EXPECT_EQ(collector.size(), 22u);
  EXPECT_EQ(collector.mail(), "");
}

}  // namespace
}  // namespace winnow
