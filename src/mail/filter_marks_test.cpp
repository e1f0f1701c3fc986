#include "mail/filter_marks.h"

#include <gtest/gtest.h>

#include <string>

namespace winnow {
namespace {

/// A message that SpamAssassin has wrapped (report_safe 1), with `end` as line end.
std::string Report(const std::string& end = "\n") {
  const std::string lines =
      "From: win@spam.example\nSubject: *****SPAM***** You won\nX-Spam-Flag: YES\nMIME-Version: 1.0\n"
      "Content-Type: multipart/mixed; boundary=\"----------=_5F0\"\n\nThis is a multi-part message in MIME format.\n\n"
      "------------=_5F0\nContent-Type: text/plain; charset=iso-8859-1\n\nSpam detection software has identified ...\n\n"
      "------------=_5F0\nContent-Type: message/rfc822; x-spam-type=original\n"
      "Content-Description: original message before SpamAssassin\nContent-Disposition: attachment\n\n"
      "From: win@spam.example\nSubject: You won\n\nClaim your prize\n\n------------=_5F0--\n";
  std::string report;
  for (const char c : lines) c == '\n' ? report += end : report += c;
  return report;
}

TEST(OriginalInReport, IsTheMessageThatSpamAssassinHasWrapped) {
  EXPECT_EQ(OriginalInReport(Report()), "From: win@spam.example\nSubject: You won\n\nClaim your prize\n");
  EXPECT_EQ(OriginalInReport(Report("\r\n")),
            "From: win@spam.example\r\nSubject: You won\r\n\r\nClaim your prize\r\n\r");
  std::string cut = Report();
  cut.resize(cut.find("Claim") + 5);
  EXPECT_EQ(OriginalInReport(cut), "From: win@spam.example\nSubject: You won\n\nClaim");
}

TEST(OriginalInReport, LeavesOtherMessagesAlone) {
  for (const std::string raw : {"", "From: a@example.com\n\nHello", "From: a@example.com\n\nx-spam-type=original",
                                "Content-Type: message/rfc822; x-spam-type=original\n\nno delimiter above",
                                "A: b\n\n--x\nContent-Type: message/rfc822; x-spam-type=original\n\n\n--x--\n"}) {
    EXPECT_EQ(OriginalInReport(raw), raw);
  }
  std::string nested = "From: a@example.com\nSubject: Fwd\n\n--x\nContent-Type: message/rfc822; x-spam-type=original";
  EXPECT_EQ(OriginalInReport(nested), nested) << "a part that ends in its header";
}

TEST(WithoutSpamMarks, LeavesOutWhatFiltersWriteBeforeSubjects) {
  for (const char* const marked :
       {"*****SPAM***** You won", "***SPAM*** You won", "*** SPAM *** You won", "[SPAM] You won",
        "[ SPAM 12.3 ] You won", "[SPAM:####] You won", "{Spam?} You won", "{Possible Spam} You won",
        "[SPAM-Verdacht] You won", "<SPAM> You won", "(suspected spam) You won", "[Junk Mail] You won", "SPAM: You won",
        "[SPAM] *****SPAM***** You won", "You won"}) {
    EXPECT_EQ(WithoutSpamMarks(marked), "You won") << marked;
  }
  EXPECT_EQ(WithoutSpamMarks("[SPAM]"), "");
}

TEST(WithoutSpamMarks, LeavesOtherSubjectsAlone) {
  for (const char* const subject :
       {"", "  two spaces", "[spam-list] Weekly digest", "[Junk food] Menu", "Spam: the musical", "Re: [SPAM] You won",
        "[SPAM", "*** You won ***", "[ham] spam", "(no subject)", "[Spamalot] Tickets"}) {
    EXPECT_EQ(WithoutSpamMarks(subject), subject);
  }
}

TEST(IsSpamField, KnowsTheFieldsOfFilters) {
  EXPECT_TRUE(IsSpamField("X-Spam", "Yes"));
  EXPECT_TRUE(IsSpamField("x-spam-flag", "YES"));
  EXPECT_TRUE(IsSpamField("X-Spam-Status", " Yes, score=12.0 required=5.0"));
  EXPECT_FALSE(IsSpamField("X-Spam-Status", "No, score=-1.0"));
  EXPECT_FALSE(IsSpamField("X-Spam-Score", "yes"));
  EXPECT_FALSE(IsSpamField("Subject", "yes"));
}

}  // namespace
}  // namespace winnow
