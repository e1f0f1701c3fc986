#include "filter/message_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/header_lines.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(FieldName, ReadsItsOwnText) {
  for (const std::string& name : FieldName::All()) {
    ASSERT_TRUE(FieldName::Parse(name)) << name;
    EXPECT_EQ(FieldName::Parse(FieldName::Parse(name)->Text()), FieldName::Parse(name)) << name;
  }
  EXPECT_EQ(FieldName::Parse("header:List-Id")->Text(), "header:list-id");
  for (const char* const name : {"", "Text", "header", "header:", "header:a b", "header:a:b", "header:\xc3\xa4"}) {
    EXPECT_FALSE(FieldName::Parse(name)) << name;
  }
}

TEST(FindLinks, FindsAddressesWithAndWithoutScheme) {
  EXPECT_THAT(FindLinks("go to https://a.example/b?c=d, or HTTP://b.example; (www.c.example) or bit.ly/x1 now"),
              ElementsAre("https://a.example/b?c=d", "HTTP://b.example", "www.c.example", "bit.ly/x1"));
  EXPECT_THAT(FindLinks("<https://a.example/>\"https://b.example\""),
              ElementsAre("https://a.example/", "https://b.example"));
}

TEST(FindLinks, LeavesOtherTextAlone) {
  for (const char* const text :
       {"", "I am done.it was fine", "3.50/h", "a.b/c", "and/or", "joe@example.com", "https://", "see v1.2.3"}) {
    EXPECT_THAT(FindLinks(text), IsEmpty()) << text;
  }
}

TEST(HostOfLink, IsTheHostThatABrowserConnectsTo) {
  EXPECT_EQ(HostOfLink("https://Example.COM/a"), "example.com");
  EXPECT_EQ(HostOfLink("https://bank.example@evil.example:8080/x@y"), "evil.example");
  EXPECT_EQ(HostOfLink("https://bank.example\\@evil.example/"), "bank.example");
  EXPECT_EQ(HostOfLink("bit.ly/a"), "bit.ly");
  EXPECT_EQ(HostOfLink("https://a.example?u=https://b.example"), "a.example");
  EXPECT_EQ(HostOfLink("https://a.example./"), "a.example");
  EXPECT_EQ(HostOfLink("http://[2001:db8::1]/"), "[2001:db8::1]");
  EXPECT_EQ(HostOfLink(""), "");
}

TEST(IsInDomain, ComparesWholeLabels) {
  EXPECT_TRUE(IsInDomain("example.com", "example.com"));
  EXPECT_TRUE(IsInDomain("a.b.example.com", "example.com"));
  EXPECT_FALSE(IsInDomain("badexample.com", "example.com"));
  EXPECT_FALSE(IsInDomain("com", "example.com"));
}

TEST(ReadField, JoinsHeaderFieldsOfOneName) {
  FilterMessage message;
  message.headers = {{"Received", "one"}, {"X", ""}, {"received", "two"}};
  EXPECT_EQ(ReadField(message, *FieldName::Parse("header:Received"), false).text, "one\ntwo");
  EXPECT_TRUE(ReadField(message, *FieldName::Parse("header:x"), false).present);
  EXPECT_FALSE(ReadField(message, *FieldName::Parse("header:y"), false).present);
  EXPECT_FALSE(ReadField(message, *FieldName::Parse("subject"), false).present);
}

TEST(ReadField, HasTheLinksBehindTheText) {
  FilterMessage message;
  message.body = "see https://a.example/x. and here";
  message.links = {"https://a.example/x", "https://B.example/y", "https://B.example/y"};
  EXPECT_EQ(ReadField(message, *FieldName::Parse("links"), false).text, "https://a.example/x\nhttps://B.example/y");
  EXPECT_EQ(ReadField(message, *FieldName::Parse("link_hosts"), false).text, "a.example\nb.example");
}

TEST(ReadField, FoldsWhiteSpaceWithDisguises) {
  FilterMessage message;
  message.subject = "You  have";
  message.body = "w\u00a0\u3000on\ta\r\nbig \n prize\n \r\nto\u2028day";
  const auto field = [&](const char* name, bool fold) {
    return ReadField(message, *FieldName::Parse(name), fold).text;
  };
  EXPECT_EQ(field("text", true), "You have\nw on a big prize\nto day");
  EXPECT_EQ(field("body", true), "w on a big prize\nto day");
  EXPECT_EQ(field("subject", false), "You  have");
  message.headers = {{"X", "a\u00a0b"}, {"X", "c"}};
  EXPECT_EQ(field("header:x", true), "a b\nc");
  message.body = "g1ft  c a r d s";  // spaced letters, whose words are known by the gaps between them
  EXPECT_EQ(field("body", true), "gift cards");
}

TEST(HeaderLines, AreUnfoldedAndEndAtAnEmptyLine) {
  EXPECT_THAT(ParseHeaderLines("A: b\r\nList-Id:  <x>\r\n  more\r\nno colon\nC:\n\nD: body"),
              ElementsAre(Pair("A", "b"), Pair("List-Id", "<x> more"), Pair("C", "")));
  EXPECT_THAT(ParseHeaderLines(" lost\nA: b"), ElementsAre(Pair("A", "b")));
  EXPECT_THAT(ParseHeaderLines(""), IsEmpty());
}

}  // namespace
}  // namespace winnow
