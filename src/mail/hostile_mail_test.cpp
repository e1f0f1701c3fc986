// Messages that were made to take much time, memory or stack. Each is read, and quickly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mail/mail_message.h"
#include "support/thread_seconds.h"

namespace winnow {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::string Repeated(std::string_view piece, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += piece;
  return text;
}

/// Reads the message, in a time that leaves room for slow machines and sanitizers.
MailMessage ReadQuickly(const std::string& raw) {
  const double begin = ThreadSeconds();
  auto message = ReadMail(raw);
  EXPECT_LT(ThreadSeconds() - begin, 10);
  EXPECT_TRUE(message.has_value());
  return message ? *std::move(message) : MailMessage();
}

MailMessage ReadHtmlQuickly(const std::string& html) { return ReadQuickly("Content-Type: text/html\n\n" + html); }

TEST(HostileMail, NestedTagsOfEveryKind) {
  for (const char* const tag :
       {"<div>", "<b>", "<a href=x>", "<table><tr><td>", "<ul><li>", "<span><p></span>", "<div></x>",
        "<font size=1><p>", "<select><option>", "<svg>", "<button>", "<div><table></div>",
        "<span><li></span><span><dd></span>", "<b><div></b>", "<a><table>", "<h1><div><h2></h1>"}) {
    const MailMessage message = ReadHtmlQuickly(Repeated(tag, 100'000) + "end");
    EXPECT_LE(message.body.size(), 700'000u) << tag;
  }
  EXPECT_EQ(ReadHtmlQuickly(Repeated("<div>", 100'000) + "end").body, "end\n");
}

TEST(HostileMail, FormattingElementsThatParsersRepeat) {
  std::string html;
  for (int i = 0; i < 1000; ++i) html += "<b style=x" + std::to_string(i) + ">";
  const MailMessage message = ReadHtmlQuickly(html + Repeated("<p>x", 100'000));
  EXPECT_TRUE(message.body.starts_with("x\nx\n"));
}

TEST(HostileMail, AttributesAndCommentsWithoutEnd) {
  std::string attributes = "<a ";
  for (int i = 0; i < 50'000; ++i) attributes += "a" + std::to_string(i) + "=1 ";
  EXPECT_EQ(ReadHtmlQuickly(attributes + ">x</a>").body, "x\n");
  EXPECT_EQ(ReadHtmlQuickly("a" + Repeated("<!---->", 100'000) + "b" + Repeated("<!--", 100'000)).body, "ab\n");
  EXPECT_EQ(ReadHtmlQuickly("a" + Repeated("<a b=\"", 100'000)).body, "a\n");
  EXPECT_EQ(ReadHtmlQuickly("a" + Repeated("<script>", 100'000)).body, "a\n");
  std::string styles, sheet;
  for (int i = 0; i < 50'000; ++i) {
    styles += "p" + std::to_string(i) + ":1;";
    sheet += ".a{p" + std::to_string(i) + ":1}";
  }
  EXPECT_EQ(ReadHtmlQuickly("<p style='" + styles + "'>a</p>").body, "a\n");
  EXPECT_EQ(ReadHtmlQuickly("<style>" + sheet + Repeated("<!--", 100'000) + "</style>a").body, "a\n");
  EXPECT_EQ(ReadHtmlQuickly("a<svg>" + Repeated("<style>", 100'000)).body, "a\n");
}

TEST(HostileMail, HeaderLines) {
  EXPECT_EQ(ReadQuickly("Subject: " + std::string(1'000'000, 'a') + "\n\nhi\n").body, "hi\n");
  EXPECT_THAT(ReadQuickly("Subject: " + std::string(1'000'000, 'a') + "\n\nhi\n").notes,
              Contains("the header field Subject was cut"));
  EXPECT_EQ(ReadQuickly("Subject: a\n" + Repeated(" b\n", 300'000) + "\nhi\n").body, "hi\n");
  EXPECT_EQ(ReadQuickly(Repeated("To: b\n", 200'000) + "\nhi\n").body, "hi\n");
  for (const char* const piece : {"a:", "(", "<", "a@b,", "\"", "\\", "=?utf-8?q?a?= ", "=?utf-8?q?", "=?", ";a*1=b"}) {
    for (const char* const name : {"To", "From", "Subject", "Content-Type", "Content-Disposition", "Date"}) {
      EXPECT_EQ(ReadQuickly("Subject: x\n" + std::string(name) + ": " + Repeated(piece, 100'000) + "\n\nhi\n").body,
                "hi\n")
          << name << ": " << piece;
    }
  }
}

TEST(HostileMail, ManyParts) {
  const MailMessage message =
      ReadQuickly("Content-Type: multipart/mixed; boundary=b\n\n" + Repeated("--b\n\nx\n", 10'000) + "--b--\n");
  EXPECT_EQ(message.parts.size(), 999u);
  EXPECT_THAT(message.notes, Contains("more than 1000 parts; the others were not read"));
}

TEST(HostileMail, DeepMultiparts) {
  std::string raw = "Content-Type: multipart/mixed; boundary=b0\n\n";
  for (int i = 0; i < 10'000; ++i) {
    raw += "--b" + std::to_string(i) + "\nContent-Type: multipart/mixed; boundary=b" + std::to_string(i + 1) + "\n\n";
  }
  EXPECT_THAT(ReadQuickly(raw + Repeated("--\n", 300'000)).notes, Contains(HasSubstr("levels deep")));
  EXPECT_THAT(ReadQuickly(Repeated("Content-Type: message/rfc822\n\n", 10'000)).notes,
              Contains(HasSubstr("levels deep")));
}

std::string Base64(const std::string& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
    if (text.size() % 77 == 76) text += '\n';
  }
  return text;
}

TEST(HostileMail, EncodedMessagesInsideEachOther) {
  std::string raw = "Subject: core\n\n" + std::string(100'000, 'x') + "\n";
  for (int i = 0; i < 12; ++i) {
    raw = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + Base64(raw);
  }
  const MailMessage message = ReadQuickly(raw);
  EXPECT_LE(message.body.size(), MailLimits().max_body_bytes);
  auto small = ReadMail(raw, {.max_decoded_bytes = 1 << 20});
  ASSERT_TRUE(small.has_value());
  EXPECT_THAT(small->notes, Contains("the decoded parts are too large; the rest was not read"));
}

TEST(HostileMail, LargeTexts) {
  const MailMessage message = ReadQuickly("Subject: a\n\n" + Repeated("viagra http://x.example \n", 100'000));
  EXPECT_LE(message.body.size(), MailLimits().max_body_bytes);
  EXPECT_EQ(message.links.size(), MailLimits().max_links);
  EXPECT_THAT(message.notes, Contains(HasSubstr("the text was cut")));
  ReadQuickly("Subject: a\n\n" + Repeated("\xff\xfe\x80", 300'000));
  ReadQuickly(Repeated(std::string(1, '\0'), 1'000'000) + "x");
}

}  // namespace
}  // namespace winnow
