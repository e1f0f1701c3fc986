#include "server/rspamd_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr char kMail[] =
    "From: Joe <joe@example.com>\r\nTo: list@example.org\r\nSubject: =?utf-8?q?Gl=C3=BCck?=\r\nMessage-ID: "
    "<7@example.com>\r\n\r\nYou won.\r\n";

RspamdRequest Read(Headers headers, std::string body = kMail) {
  HttpRequest request;
  request.headers = std::move(headers);
  request.body = std::move(body);
  return ReadRspamdRequest(request).value();
}

ApiError ErrorFor(Headers headers, std::string body = kMail) {
  HttpRequest request;
  request.headers = std::move(headers);
  request.body = std::move(body);
  return ReadRspamdRequest(request).error();
}

TEST(RspamdRequest, DecodesTheMessage) {
  const RspamdRequest read = Read({});
  EXPECT_EQ(read.message.subject, "Glück");
  EXPECT_EQ(read.message.body, "You won.");
  EXPECT_EQ(read.message.sender, "joe@example.com");
  EXPECT_EQ(read.message.recipient, "list@example.org");
  EXPECT_EQ(read.message.user, "");
  EXPECT_EQ(read.message_id, "7@example.com");
}

TEST(RspamdRequest, TheUserIsDeliverToElseTheFirstRecipientElseUser) {
  const Headers all = {
      {"user", "joe"}, {"rcpt", "<Ann@Example.NET>"}, {"rcpt", "bob@example.net"}, {"deliver-to", "Carl"}};
  EXPECT_EQ(Read(all).message.user, "Carl");
  EXPECT_EQ(Read({all.begin(), all.begin() + 3}).message.user, "ann@example.net");
  EXPECT_EQ(Read({all.begin(), all.begin() + 1}).message.user, "joe");
  EXPECT_EQ(Read({{"deliver-to", " "}, {"rcpt", "<>"}}).message.user, "");
  EXPECT_EQ(Read(all).message.recipient, "ann@example.net");
}

TEST(RspamdRequest, TheEnvelopeStandsInForWhatTheMessageLacks) {
  const Headers envelope = {{"from", "<Bounce@example.com>"}, {"subject", "of the envelope"}};
  const RspamdRequest bare = Read(envelope, "only a text");
  EXPECT_EQ(bare.message.sender, "bounce@example.com");
  EXPECT_EQ(bare.message.subject, "of the envelope");
  EXPECT_EQ(bare.message.body, "only a text");
  EXPECT_EQ(Read(envelope).message.sender, "joe@example.com");
  EXPECT_EQ(Read(envelope).message.subject, "Glück");
}

TEST(RspamdRequest, ARawBodyIsAText) {
  const RspamdRequest raw = Read({{"raw", "yes"}}, "Subject: not a header field\n\ntext");
  EXPECT_EQ(raw.message.body, "Subject: not a header field\n\ntext");
  EXPECT_EQ(raw.message.subject, "");
}

TEST(RspamdRequest, SaysWhatIsNotSupported) {
  EXPECT_EQ(ErrorFor({}, "").status, 400);
  EXPECT_THAT(ErrorFor({}, "").message, testing::HasSubstr("send the message"));
  EXPECT_EQ(ErrorFor({{"compression", "zstd"}}).status, 415);
  EXPECT_EQ(ErrorFor({{"key", "abc"}}).status, 415);
  EXPECT_EQ(ErrorFor({{"deliver-to", std::string(1025, 'a')}}).status, 422);
  EXPECT_THAT(ErrorFor({{"rcpt", std::string(1025, 'a')}}).message, testing::HasSubstr("'Rcpt'"));
}

}  // namespace
}  // namespace winnow
