#include "mail/mail_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::ElementsAre;

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

/// The folders of the messages in a directory, in their order.
std::vector<std::string> FoldersIn(const std::filesystem::path& directory) {
  std::vector<std::string> folders;
  MailFileReport report;
  const Result<void> read = ForEachMail(std::vector{directory}, report, [&](const MailItem& item) -> Result<void> {
    folders.emplace_back(item.folder);
    return {};
  });
  EXPECT_TRUE(read) << read.error().Text();
  EXPECT_THAT(report.notes, testing::IsEmpty());
  return folders;
}

void Write(const std::filesystem::path& file, const std::string& contents) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << contents;
}

constexpr char kMail[] = "From: a@b.example\nSubject: one\n\ntext\n";
constexpr char kMbox[] = "From a@b.example Sat Nov 28 21:00:00 2026\nFrom: a@b.example\nSubject: one\n\ntext\n";

TEST(ForEachMail, ReadsSubfoldersOfBothLayoutsOfMaildirs) {
  const TemporaryDirectory directory;
  const std::filesystem::path mail = directory.path() / "Mail";
  Write(mail / "cur" / "1", kMail);
  Write(mail / ".Junk" / "new" / "1", kMail);
  Write(mail / "Archive" / "2025" / "cur" / "1", kMail);  // LAYOUT=fs; Archive has no messages
  Write(mail / "Archive" / "2026" / "cur" / "1", kMail);
  Write(mail / "Archive" / "2026" / "spring" / "cur" / "1", kMail);
  Write(mail / "Archive" / "notes.txt", "no message of a Maildir");
  Write(mail / ".sieve" / "inner" / "cur" / "1", "no folder");
  EXPECT_THAT(FoldersIn(mail), ElementsAre("Mail", "Junk", "2025", "2026", "spring"));
}

TEST(ForEachMail, SubfoldersOfThunderbirdAreFolders) {
  const TemporaryDirectory directory;
  Write(directory.path() / "Inbox", kMbox);
  Write(directory.path() / "Inbox.msf", "index");
  Write(directory.path() / "Inbox.sbd" / "Work", kMbox);
  Write(directory.path() / "Inbox.sbd" / "Work.sbd" / "Bills", kMbox);
  Write(directory.path() / "spam" / "Old.sbd" / "1.eml", kMail);
  EXPECT_THAT(FoldersIn(directory.path()), ElementsAre("Inbox", "Work", "Bills", "spam"));
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
