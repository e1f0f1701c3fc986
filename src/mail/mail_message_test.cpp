#include "mail/mail_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "mail/mail_fields.h"

namespace winnow {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MailMessage Read(std::string_view raw, const MailLimits& limits = {}) {
  auto message = ReadMail(raw, limits);
  EXPECT_TRUE(message.has_value()) << message.error().Text();
  return message ? *std::move(message) : MailMessage();
}

/// The body of a text part with these fields.
std::string BodyOf(const std::string& fields, const std::string& body) {
  return Read("From: a@example.com\n" + fields + "\n" + body).body;
}

std::string SubjectOf(const std::string& value) { return Read("Subject: " + value + "\n\nhi\n").subject; }

MailAddress FromOf(const std::string& value) { return Read("From: " + value + "\n\nhi\n").from; }

TEST(ReadMail, ReadsEveryFieldOfAPlainMessage) {
  const MailMessage message = Read(
      "Return-Path: <bounce@example.com>\r\nFrom: Joe Doe <joe@example.com>\r\nSender: list@example.org\r\n"
      "To: ann@example.net, \"Bob, the\" <bob@example.net>\r\nDate: Sat, 28 Nov 2026 21:00:00 +0100\r\n"
      "Message-ID: <1@example.com>\r\nSubject: Dinner\r\n at six\r\nX-Spam: no\r\n\r\nShall we?\r\n\r\nJoe\r\n");
  EXPECT_EQ(message.subject, "Dinner at six");
  EXPECT_EQ(message.from.Text(), "Joe Doe <joe@example.com>");
  EXPECT_EQ(message.sender.address, "list@example.org");
  ASSERT_EQ(message.to.size(), 2u);
  EXPECT_EQ(message.to[1].name, "Bob, the");
  EXPECT_EQ(message.date, "2026-11-28T20:00:00Z");
  EXPECT_EQ(message.message_id, "1@example.com");
  EXPECT_EQ(*message.Header("x-spam"), "no");
  EXPECT_EQ(message.Header("X-Other"), nullptr);
  EXPECT_EQ(message.body, "Shall we?\n\nJoe\n");
  EXPECT_THAT(message.notes, IsEmpty());
  const MailFields fields(message);
  EXPECT_EQ(fields.text, "Dinner at six\nShall we?\n\nJoe");
  EXPECT_EQ(fields.to, "ann@example.net, Bob, the <bob@example.net>");
}

TEST(ReadMail, ReadsEveryLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    EXPECT_EQ(Read("Subject: a" + end + "From: b@c" + end + end + "one" + end + "two" + end).body, "one\ntwo\n");
  }
  EXPECT_EQ(Read("Subject: a\r\r\n\r\r\none\r\r\ntwo").body, "one\ntwo\n");
}

TEST(ReadMail, ReadsAMessageOfAnMboxFile) {
  const MailMessage message =
      Read("From joe@example.com Sat Nov 28 21:00:00 2026\nSubject: a\n\n>From here on\n>>From there\n> quoted\n");
  EXPECT_EQ(message.subject, "a");
  EXPECT_EQ(message.body, "From here on\n>From there\n> quoted\n");
}

TEST(ReadMail, TakesTextWithoutHeaderFieldsAsBody) {
  for (const std::string text :
       {"You won a prize\nCall now\n", "http://example.com\nlook\n", "Note: read this\n\nnow\n"}) {
    const MailMessage message = Read(text);
    EXPECT_EQ(message.body, text);
    EXPECT_EQ(message.subject, "");
    EXPECT_THAT(message.notes, Contains("the message has no header fields"));
  }
}

TEST(ReadMail, EndsTheHeaderAtALineThatIsNoField) {
  const MailMessage message = Read("Subject: a\nHello there\nmore\n");
  EXPECT_EQ(message.subject, "a");
  EXPECT_EQ(message.body, "Hello there\nmore\n");
}

TEST(ReadMail, RefusesAnEmptyMessage) {
  EXPECT_FALSE(ReadMail("").has_value());
  EXPECT_FALSE(ReadMail(" \r\n\n").has_value());
  EXPECT_EQ(Read("Subject: only\n").body, "");
}

TEST(ReadMail, DecodesQuotedPrintable) {
  const std::string fields = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n";
  EXPECT_EQ(BodyOf(fields, "Gr=C3=BC=C3=9Fe =\nund mehr=20\nEnde  \n"), "Grüße und mehr \nEnde\n");
  EXPECT_EQ(BodyOf(fields, "2+2=4, =3d =ZZ and =\r\nmore="), "2+2=4, = =ZZ and more\n");
}

TEST(ReadMail, DecodesBrokenBase64) {
  const std::string fields = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: BASE64\n";
  EXPECT_EQ(BodyOf(fields, "SGVsbG8gdGhlcmU=\n"), "Hello there\n");
  EXPECT_EQ(BodyOf(fields, "SGVsbG8gdGhlcmU"), "Hello there\n");
  EXPECT_EQ(BodyOf(fields, "SGVs!bG8g\ndGhl*cmU="), "Hello there\n");
  EXPECT_EQ(BodyOf(fields, "SGVsbG8=IHRoZXJl"), "Hello there\n");
}

TEST(ReadMail, DecodesUuencode) {
  EXPECT_EQ(BodyOf("Content-Transfer-Encoding: x-uuencode\n", "begin 644 a\n%2&5L;&\\\n`\nend\n"), "Hello\n");
}

TEST(ReadMail, DecodesCharsets) {
  const auto body = [](const std::string& charset, const std::string& bytes) {
    return BodyOf("Content-Type: text/plain; charset=\"" + charset + "\"\n", bytes);
  };
  EXPECT_EQ(body("iso-8859-1", "\x93Gr\xfc\xdf\x65\x94"), "“Grüße”\n");
  EXPECT_EQ(body("Windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет\n");
  EXPECT_EQ(body("koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет\n");
  EXPECT_EQ(body("iso-2022-jp", "\x1b$BF|K\\\x1b(B ok"), "日本 ok\n");
  EXPECT_EQ(body("gb18030", "\xc4\xe3\xba\xc3"), "你好\n");
  EXPECT_EQ(body("gb2312", "\xc4\xe3\xba\xc3"), "你好\n");
  EXPECT_EQ(body("shift_jis", "\x93\xfa\x96\x7b"), "日本\n");
  EXPECT_EQ(body("big5", "\xa7\x41\xa6\x6e"), "你好\n");
  EXPECT_EQ(body("euc-kr", "\xbe\xc8\xb3\xe7"), "안녕\n");
  EXPECT_EQ(body("utf-16le", std::string("H\0i\0", 4)), "Hi\n");
  EXPECT_EQ(body("iso-8859-15", "5 \xa4"), "5 €\n");
}

TEST(ReadMail, DoesNotBelieveLabelsThatLie) {
  const auto read = [](const std::string& charset, const std::string& bytes) {
    return Read("Content-Type: text/plain; charset=" + charset + "\n\n" + bytes);
  };
  MailMessage message = read("iso-8859-1", "Gr\xc3\xbc\xc3\x9f\x65");
  EXPECT_EQ(message.body, "Grüße\n");
  EXPECT_THAT(message.notes, Contains("text/plain: the text is labelled iso-8859-1 but is utf-8"));
  message = read("utf-8", "Gr\xfc\xdf\x65");
  EXPECT_EQ(message.body, "Grüße\n");
  EXPECT_THAT(message.notes, Contains("text/plain: the bytes are not valid utf-8 and were read as windows-1252"));
  EXPECT_EQ(read("us-ascii", "caf\xc3\xa9").body, "café\n");
  EXPECT_EQ(read("utf-16", "plain ascii").body, "plain ascii\n");
  message = read("klingon", "Gr\xfc\xdf\x65");
  EXPECT_EQ(message.body, "Grüße\n");
  EXPECT_THAT(message.notes, Contains("text/plain: the charset 'klingon' is unknown"));
  EXPECT_EQ(read("utf-8//IGNORE", "a").body, "a\n");
}

TEST(ReadMail, ReadsTheCharsetThatHtmlNames) {
  for (const std::string meta : {"<meta charset=windows-1251>",
                                 "<META http-equiv='Content-Type' content='text/html; "
                                 "charset=Windows-1251'>"}) {
    EXPECT_EQ(BodyOf("Content-Type: text/html\n", "<html><head>" + meta + "</head>\xcf\xf0\xe8\xe2\xe5\xf2"),
              "Привет\n");
  }
}

TEST(ReadMail, DoesNotDecodeUtf7) {
  const MailMessage message = Read("Content-Type: text/plain; charset=utf-7\n\n+ADw-b+AD4-\n");
  EXPECT_EQ(message.body, "+ADw-b+AD4-\n");
  EXPECT_THAT(message.notes, Contains("text/plain: the charset utf-7 is not decoded"));
  EXPECT_EQ(SubjectOf("=?utf-7?q?+AGE-?="), "+AGE-");
}

TEST(ReadMail, RemovesNulBytes) {
  const MailMessage message = Read(std::string("Subject: V\0ia\n\nVia\0gra\n", 23));
  EXPECT_EQ(message.subject, "Via");
  EXPECT_EQ(message.body, "Viagra\n");
}

TEST(ReadMail, DecodesEncodedWords) {
  EXPECT_EQ(SubjectOf("=?utf-8?q?Gr=C3=BC=C3=9Fe_an?= alle"), "Grüße an alle");
  EXPECT_EQ(SubjectOf("=?utf-8?q?Gr=C3=BC=C3?= =?utf-8?q?=9Fe?="), "Grüße");
  EXPECT_EQ(SubjectOf("=?UTF-8?B?4pyT4p?=\n =?utf-8?b?yT?="), "✓✓");
  EXPECT_EQ(SubjectOf("=?utf-8?b?SGVsbG8?="), "Hello");
  EXPECT_EQ(SubjectOf("=?iso-8859-1?q?=93hi=94?="), "“hi”");
  EXPECT_EQ(SubjectOf("=?utf-8?q?=FC?="), "ü");
  EXPECT_EQ(SubjectOf("=?foo?q?=FC?="), "ü");
  EXPECT_EQ(SubjectOf("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?="), "日本");
  EXPECT_EQ(SubjectOf("=?UTF-8*de?Q?a b?=c"), "a bc");
  EXPECT_EQ(SubjectOf("a =?q?= b =?utf-8?x?y?= ?="), "a =?q?= b =?utf-8?x?y?= ?=");
  EXPECT_EQ(SubjectOf("=?utf-8?q?a=0AFrom:_b?="), "a From: b");
  EXPECT_EQ(SubjectOf("Gr\xfc\xdf\x65"), "Grüße");
  EXPECT_EQ(SubjectOf("Gr\xc3\xbc\xc3\x9f\x65"), "Grüße");
}

TEST(ReadMail, DecodesRawHeadersByTheCharsetOfTheText) {
  EXPECT_EQ(Read("Subject: \xcf\xf0\xe8\xe2\xe5\xf2\nContent-Type: text/plain; charset=windows-1251\n\nhi\n").subject,
            "Привет");
}

TEST(ReadMail, ReadsAddresses) {
  EXPECT_EQ(FromOf("=?utf-8?q?J=C3=BCrgen?= <j@example.com>").name, "Jürgen");
  EXPECT_EQ(FromOf("\"=?utf-8?q?J=C3=BCrgen?=\" <j@example.com>").name, "Jürgen");
  EXPECT_EQ(FromOf("j@example.com (Joe)").name, "Joe");
  EXPECT_EQ(FromOf("Bank, the <b@example.com>").address, "b@example.com");
  // A decoded bracket is not an address.
  const MailAddress trick = FromOf("=?utf-8?b?YmFuayA8aGVscEBiYW5rLmNvbT4=?= <evil@example.com>");
  EXPECT_EQ(trick.name, "bank <help@bank.com>");
  EXPECT_EQ(trick.address, "evil@example.com");
  EXPECT_EQ(FromOf("\"help@bank.com\" <evil@example.com>").address, "evil@example.com");
  EXPECT_EQ(FromOf("a b c@example.com").address, "c@example.com");
  EXPECT_EQ(FromOf("Joe <joe@example.com").address, "joe@example.com");
  EXPECT_EQ(FromOf("Joe").name, "Joe");
  EXPECT_EQ(FromOf("J\xfcrgen <j@example.com>").name, "Jürgen");
  EXPECT_EQ(Read("To: friends: a@b.c, d@e.f;, g@h.i\n\nx\n").to.size(), 3u);
  EXPECT_THAT(Read("To: undisclosed-recipients:;\n\nx\n").to, IsEmpty());
}

TEST(ReadMail, ReadsFileNamesOfAttachments) {
  const auto name = [](const std::string& fields) {
    const MailMessage message = Read("Content-Type: multipart/mixed; boundary=b\n\n--b\n" + fields + "\nx\n--b--\n");
    return message.parts.empty() ? "" : message.parts[0].name;
  };
  EXPECT_EQ(name("Content-Type: image/png; name*=utf-8''a%C3%BC.png\n"), "aü.png");
  EXPECT_EQ(name("Content-Type: image/png\nContent-Disposition: attachment;\n filename*0*=utf-8''a%C3;\n "
                 "filename*1*=%BC; filename*2=.png\n"),
            "aü.png");
  EXPECT_EQ(name("Content-Type: image/png; name=\"=?utf-8?q?a=C3=BC.png?=\"\n"), "aü.png");
}

TEST(ReadMail, ReadsFieldsThroughNulBytes) {
  const std::string raw("Content-Type: text/html\0; charset=utf-8\n\n<b>a</b>\n", 50);
  EXPECT_EQ(Read(raw).body, "a\n");
}

TEST(ReadMail, GivesValidUtf8ForFileNames) {
  const MailMessage message = Read(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png; name*=utf-8''a%FFb\n\nx\n--b\n"
      "Content-Type: image/png; name=\"a\xfc\"\n\nx\n--b--\n");
  ASSERT_EQ(message.parts.size(), 2u);
  EXPECT_EQ(message.parts[0].name, "aÿb");
  EXPECT_EQ(message.parts[1].name, "aü");
}

TEST(ReadMail, JoinsTextPartsAndListsAttachments) {
  const MailMessage message = Read(
      "Content-Type: multipart/mixed; boundary=\"a b\"\n\npreamble\n--a b\n\nfirst\n--a b  \nContent-Type: text/html\n\n"
      "<p>second</p>\n--a b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=log.txt\n\nlog\n"
      "--a b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n%PDF\n--a b--\nepilogue\n");
  EXPECT_EQ(message.body, "first\nsecond\n");
  ASSERT_EQ(message.parts.size(), 4u);
  EXPECT_EQ(message.parts[3].type, "application/pdf");
  EXPECT_EQ(message.parts[3].name, "a.pdf");
  EXPECT_EQ(message.parts[3].size, 4u);
  EXPECT_TRUE(message.parts[2].attachment);
  EXPECT_THAT(message.notes, IsEmpty());
}

std::string Alternative(const std::string& plain, const std::string& html) {
  return "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n" + plain +
         "\n--b\nContent-Type: text/html\n\n" + html + "\n--b--\n";
}

TEST(ReadMail, ChoosesTheAlternativeThatReadersSee) {
  MailMessage message = Read(Alternative("Dinner at six?", "<p>Dinner at <a href='http://x.example/'>six</a>?</p>"));
  EXPECT_EQ(message.body, "Dinner at six?\n");
  ASSERT_EQ(message.links.size(), 1u);
  EXPECT_EQ(message.links[0].href, "http://x.example/");
  EXPECT_EQ(message.links[0].text, "six");
  EXPECT_EQ(Read(Alternative("  ", "<b>only html</b>")).body, "only html\n");
  EXPECT_EQ(Read(Alternative("only plain", "<p> </p>")).body, "only plain\n");
  message = Read(Alternative("the garden is lovely today", "<p>Buy cheap pills now</p>"));
  EXPECT_EQ(message.body, "Buy cheap pills now\n");
  EXPECT_THAT(message.notes, Contains("the plain text differs from the HTML, which was taken"));
  // Half of the words in common are not enough, and neither is a plain text that says much more.
  EXPECT_EQ(Read(Alternative("one two three four", "<p>one two three four buy cheap pills now</p>")).body,
            "one two three four buy cheap pills now\n");
  EXPECT_EQ(Read(Alternative("Buy pills now. The garden is lovely today", "<p>Buy pills now.</p>")).body,
            "Buy pills now.\n");
  EXPECT_EQ(Read(Alternative("Buy now: http://x.example/1 -- http://x.example/2", "<p>Buy now:</p>")).body,
            "Buy now: http://x.example/1 -- http://x.example/2\n");
}

TEST(ReadMail, ChoosesTheLastAlternative) {
  constexpr std::string_view kHead = "Content-Type: multipart/alternative; boundary=b\n\n--b\n";
  constexpr std::string_view kHtml = "Content-Type: text/html\n\n";
  const std::string head(kHead), html(kHtml);
  EXPECT_EQ(Read(head + "\nfirst\n--b\n\nsecond\n--b--\n").body, "second\n");
  const MailMessage both = Read(head + html + "<p>a garden</p>\n--b\nContent-Type: text/plain\n\nBuy pills\n--b--\n");
  EXPECT_EQ(both.body, "a garden\nBuy pills\n");
  EXPECT_THAT(both.notes, Contains("the plain text, which comes last, differs from the HTML; both were taken"));
}

TEST(ReadMail, ReadsTheRootOfRelatedParts) {
  const auto related = [](const std::string& start) {
    return Read("Content-Type: multipart/related; boundary=b" + start +
                "\n\n--b\nContent-ID: <a@x>\n\nfirst\n--b\nContent-ID: <b@x>\n\nroot\n--b--\n")
        .body;
  };
  EXPECT_EQ(related(""), "first\n");
  EXPECT_EQ(related("; start=\"<b@x>\""), "root\n");
  EXPECT_EQ(related("; start=\"<c@x>\""), "first\n");
}

TEST(ReadMail, SaysWhetherThereAreSeveralAuthors) {
  EXPECT_FALSE(Read("From: Joe <joe@example.com>\n\nx\n").several_authors);
  EXPECT_TRUE(Read("From: Joe <joe@example.com>, x@evil.example\n\nx\n").several_authors);
  EXPECT_TRUE(Read("From: <joe@example.com> <x@evil.example>\n\nx\n").several_authors);
  EXPECT_TRUE(Read("From: joe@example.com\nFrom: x@evil.example\n\nx\n").several_authors);
}

TEST(ReadMail, ReadsNestedMultiparts) {
  const MailMessage message = Read(
      "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/related; boundary=r\n\n--r\n"
      "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nplain text here\n--a\nContent-Type: text/html\n\n"
      "plain text here<img>\n--a--\n--r\nContent-Type: image/png\n\nx\n--r--\n--m\n\nfooter\n--m--\n");
  EXPECT_EQ(message.body, "plain text here\nfooter\n");
  // In the order of the message, not level by level.
  std::string types;
  for (const MailPart& part : message.parts) types += part.type + " ";
  EXPECT_EQ(types, "text/plain text/html image/png text/plain ");
}

TEST(ReadMail, ReadsBrokenMultiparts) {
  // No end.
  MailMessage message = Read("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n");
  EXPECT_EQ(message.body, "one\ntwo\n");
  EXPECT_THAT(message.notes, Contains("a multipart has no closing boundary"));
  // The inner one ends where the outer one goes on.
  message = Read(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\none\n"
      "--b\n\ntwo\n--b--\n");
  EXPECT_EQ(message.body, "one\ntwo\n");
  // The boundary never comes.
  message = Read("Content-Type: multipart/mixed; boundary=b\n\njust text\n");
  EXPECT_EQ(message.body, "just text\n");
  EXPECT_THAT(message.notes, Contains("the boundary of a multipart never comes"));
  // Another one comes in its place.
  message = Read("Content-Type: multipart/mixed; boundary=b\n\n--c\nContent-Type: text/plain\n\none\n--c--\n");
  EXPECT_EQ(message.body, "one\n");
  // None is named.
  message = Read("Content-Type: multipart/mixed\n\n--c\nContent-Type: text/html\n\n<i>one</i>\n--c--\n");
  EXPECT_EQ(message.body, "one\n");
  // The boundary of itself.
  message = Read(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n");
  EXPECT_EQ(message.body, "one\n");
  // A quote that is not closed.
  EXPECT_EQ(Read("Content-Type: multipart/mixed; boundary=\"b\n\n--b\n\none\n--b--\n").body, "one\n");
}

TEST(ReadMail, ReadsForwardedMessages) {
  const std::string inner = "From: Ann <ann@example.com>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\ninside\n";
  const std::string begin =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\nContent-Type: message/rfc822\n";
  const std::string expected =
      "see below\n----- Forwarded message -----\nFrom: Ann <ann@example.com>\nSubject: Grüße\n\ninside\n";
  EXPECT_EQ(Read(begin + "\n" + inner + "--b--\n").body, expected);
  EXPECT_EQ(
      Read(
          begin + "Content-Transfer-Encoding: base64\n\n" +
          "RnJvbTogQW5uIDxhbm5AZXhhbXBsZS5jb20+ClN1YmplY3Q6ID0/dXRmLTg/cT9Hcj1DMz1CQz1D\nMz05RmU/PQoKaW5zaWRlCg==\n--b--\n")
          .body,
      expected);
}

TEST(ReadMail, ReadsDigests) {
  EXPECT_EQ(Read("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nfirst\n--b--\n").body,
            "----- Forwarded message -----\nSubject: one\n\nfirst\n");
}

TEST(ReadMail, LeavesEncryptedPartsOut) {
  MailMessage message = Read("Content-Type: application/pkcs7-mime; name=smime.p7m\n\nMIIB\n");
  EXPECT_EQ(message.body, "");
  EXPECT_THAT(message.notes, Contains(HasSubstr("S/MIME")));
  message = Read(
      "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
      "--b\n\n-----BEGIN PGP MESSAGE-----\nabc\n-----END PGP MESSAGE-----\n--b--\n");
  EXPECT_EQ(message.body, "");
  EXPECT_THAT(message.notes, Contains(HasSubstr("OpenPGP")));
  message = Read("Subject: a\n\nhello\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\nbye\n");
  EXPECT_EQ(message.body, "hello\nbye\n");
  message = Read(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: application/ms-tnef; "
      "name=winmail.dat\n\nx\n--b--\n");
  EXPECT_EQ(message.body, "hello\n");
  EXPECT_THAT(message.notes, Contains(HasSubstr("winmail.dat")));
}

TEST(ReadMail, ReadsSignedTexts) {
  EXPECT_EQ(Read("Content-Type: multipart/signed; boundary=b\n\n--b\n\ninside\n--b\nContent-Type: "
                 "application/pgp-signature\n\nsig\n--b--\n")
                .body,
            "inside\n");
  EXPECT_EQ(Read("Subject: a\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n- - dash\n"
                 "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n")
                .body,
            "hello\n- dash\n");
}

TEST(ReadMail, JoinsFlowedLines) {
  const std::string fields = "Content-Type: text/plain; format=flowed\n";
  EXPECT_EQ(BodyOf(fields, "one \ntwo\n three\n> a \n> b\nfour\n-- \nJoe\n"),
            "one two\nthree\n> a b\nfour\n-- \nJoe\n");
  EXPECT_EQ(BodyOf("Content-Type: text/plain; format=flowed; delsp=yes\n", "one \ntwo\n"), "onetwo\n");
}

TEST(ReadMail, CountsTextAttachmentsIfThereIsNoOtherText) {
  const MailMessage message =
      Read("Content-Type: text/html\nContent-Disposition: attachment; filename=a.html\n\n<p>Pay here</p>\n");
  EXPECT_EQ(message.body, "Pay here\n");
  EXPECT_THAT(message.notes, Contains("the only texts are attachments, which count as the body"));
}

TEST(ReadMail, FindsLinksInPlainText) {
  const MailMessage message = Read("Subject: a\n\nsee (https://example.com/a?b=c), or <HTTP://x.example>. a://b\n");
  ASSERT_EQ(message.links.size(), 2u);
  EXPECT_EQ(message.links[0].href, "https://example.com/a?b=c");
  EXPECT_EQ(message.links[1].href, "HTTP://x.example");
}

TEST(ReadMail, ReadsInSeveralThreads) {
  const std::string raw = Alternative("Dinner at six?", "<p>Dinner at six?</p>");
  std::vector<std::string> bodies(8);
  std::vector<std::thread> threads;
  for (std::string& body : bodies) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) body = Read("From: =?utf-8?q?J=C3=BC?= <a@b.c>\n" + raw).body;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(bodies, ::testing::Each("Dinner at six?\n"));
}

}  // namespace
}  // namespace winnow
