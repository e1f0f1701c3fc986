#include "mail/mail_files.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace winnow {
namespace {

TEST(BeginsLikeMail, NeedsAWholeHeader) {
  const std::string from = "From: joe@example.com\n";
  for (const std::string& mail :
       std::vector<std::string>{"Return-Path: <joe@example.com>\n" + from + "\nHello\n",
                                "X-Original-To: ann@example.net\n" + from + "To: ann\n\n",
                                "ARC-Seal: i=1; a=rsa-sha256;\n\tcv=none\nReceived: from a\n by b\n" + from,
                                "From - Mon Nov 10 10:00:00 2025\nX: y\n",
                                "\r\nContent-Type: text/plain\r\nSubject: Hi\r\nFrom: a@b.c\r\n\r\nHello\r\n",
                                "From joe@example.com\nDate: today\nSubject: a\n\n",
                                std::string("\xEF\xBB\xBF") + from + "Subject: x\n\n"}) {
    EXPECT_TRUE(BeginsLikeMail(mail)) << mail;
  }
  for (const std::string& texts : std::vector<std::string>{
           std::string(), std::string("Hello there\n"), from + "Hello\n",
           std::string("From my house: noon is fine\nTo: you\n"), std::string("Joe: hello\nAnn: hi\n\n"),
           std::string("From the desk of\nSubject: x\n"), std::string("Subject: lunch\nSubject: dinner\n"),
           std::string(" From: a\nTo: b\n"), std::string("{\"a\": 1}\n")}) {
    EXPECT_FALSE(BeginsLikeMail(texts)) << texts;
  }
  std::string longer = "Subject: x\n" + from;
  while (longer.size() < size_t{1} << 17) longer += "X-Long: " + std::string(60, 'x') + "\n";
  EXPECT_TRUE(BeginsLikeMail(longer)) << "a header that is longer than what is looked at";
}

std::string OfMbox(const std::string& fields) {
  return "From a@example.com Mon Nov 10 10:00:00 2025\n" + fields + "\n\nBody\n";
}

TEST(IsDeletedInMbox, KnowsTheFlagsOfMailPrograms) {
  EXPECT_TRUE(IsDeletedInMbox(OfMbox("X-Mozilla-Status: 0009")));
  EXPECT_TRUE(IsDeletedInMbox(OfMbox("X-Mozilla-Status: 8008\r\nSubject: x")));
  EXPECT_TRUE(IsDeletedInMbox(OfMbox("Subject: x\nStatus: RO\nX-Status: AD")));
  EXPECT_TRUE(IsDeletedInMbox(OfMbox("X-Status: T")));
  EXPECT_TRUE(IsDeletedInMbox(OfMbox("Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2")));
  EXPECT_FALSE(IsDeletedInMbox(OfMbox("X-Mozilla-Status: 0001")));
  EXPECT_FALSE(IsDeletedInMbox(OfMbox("X-Mozilla-Status: what")));
  EXPECT_FALSE(IsDeletedInMbox(OfMbox("Status: DT\nX-Status: AF")));
  EXPECT_FALSE(IsDeletedInMbox(OfMbox("Subject: DON'T DELETE THIS MESSAGE")));
  EXPECT_FALSE(IsDeletedInMbox(OfMbox("Subject: x\n\nX-Status: D"))) << "a line of the body";
  EXPECT_FALSE(IsDeletedInMbox("X-Status: D\n\nA file of its own.\n"));
}

}  // namespace
}  // namespace winnow
