#include "text/redaction.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

constexpr Redaction kAll = {.numbers = true, .urls = true, .addresses = true};

TEST(Redact, ReplacesNumbersUrlsAndAddressesAndKeepsTheirForm) {
  for (const auto& [text, expected] : {
           std::pair("Your code is 482913.", "Your code is 000000."),
           std::pair("Call +44 7700 900123, pay $1,000.50!", "Call +00 0000 000000, pay $0,000.00!"),
           std::pair("See https://bank.example/a?token=Xy;z,9 now", "See https://redacted.invalid/ now"),
           std::pair("(www.shop.example/sale).", "(https://redacted.invalid/)."),
           std::pair("go to bit.ly/Xy2z", "go to https://redacted.invalid/"),
           std::pair("<a href=\"http://x.example/p\">", "<a href=\"https://redacted.invalid/\">"),
           std::pair("更多http://x.example/p", "更多https://redacted.invalid/"),
           std::pair("詳細はhttps://bank.example/loginへ。合言葉は「鈴木」です",
                     "詳細はhttps://redacted.invalid/。合言葉は「鈴木」です"),
           std::pair("メールはjoe@example.comかann@b.exampleまで、どうぞ",
                     "メールはname@redacted.invalidかname@redacted.invalidまで、どうぞ"),
           std::pair("鈴木@例え.jp", "name@redacted.invalid"),
           std::pair("Joe <joe.o'neil+x@mail.example.com>, hi", "Joe <name@redacted.invalid>, hi"),
           std::pair("mailto:joe@example.com", "https://redacted.invalid/"),
           std::pair("٤٢ and ४२", "00 and 00"),
           std::pair("12.50/month, either/or, a@b", "00.00/month, either/or, a@b"),
           std::pair("nothing here\n\tto see  ", "nothing here\n\tto see  "),
           std::pair("", ""),
       }) {
    EXPECT_EQ(Redact(text, kAll), expected);
    EXPECT_EQ(Redact(expected, kAll), expected) << "a second redaction changes nothing";
  }
}

TEST(Redact, ReplacesWhatWasChosenAlone) {
  const std::string text = "7 https://x.example/7 joe7@example.com";
  EXPECT_EQ(Redact(text, {}), text);
  EXPECT_EQ(Redact(text, {.numbers = true}), "0 https://x.example/0 joe0@example.com");
  EXPECT_EQ(Redact(text, {.urls = true}), "7 https://redacted.invalid/ joe7@example.com");
  EXPECT_EQ(Redact(text, {.addresses = true}), "7 https://x.example/7 name@redacted.invalid");
}

TEST(Redact, KeepsInvalidBytesOutAndTakesLinearTime) {
  EXPECT_EQ(Redact("a\xff 1", kAll), "a\uFFFD 0");
  const std::string hostile(1 << 20, '(');
  EXPECT_EQ(Redact(hostile, kAll), hostile);
  EXPECT_EQ(Redact(std::string(1 << 20, '/'), kAll).size(), size_t{1} << 20);
}

TEST(Redact, LeavesARedactedTextAsItIs) {
  const Redaction everything = {.numbers = true, .urls = true, .addresses = true};
  // An address, and a digit that is not ASCII's, right before a URL.
  for (const char* const text :
       {"joe@example.com\u00e9https://x.example/a", "\u0663https://x.example", "'12http://a",
        "a!joe@x.com\u00e9http://a", "www.a/\u00e9=http://b", "ple.\u00e9tp3://x", "e@://.p{p://",
        "はjoe@example.comへhttp://a/b、c@d.ef", "\u0661://e", "1.:\u0661://+1p", "a.bc:,name@redacted.invalid:/,/"}) {
    for (unsigned choice = 1; choice < 8; ++choice) {
      const Redaction chosen = {(choice & 1) != 0, (choice & 2) != 0, (choice & 4) != 0};
      const std::string redacted = Redact(text, chosen);
      EXPECT_EQ(Redact(redacted, chosen), redacted) << text << " " << choice;
    }
  }
  EXPECT_EQ(Redact("joe@example.com\u00e9https://x.example/a", everything),
            "name@redacted.invalid https://redacted.invalid/");
}

TEST(ParseRedaction, ReadsNamesAllAndNone) {
  EXPECT_EQ(ParseRedaction("all"), kAll);
  EXPECT_EQ(ParseRedaction("none"), Redaction{});
  EXPECT_EQ(ParseRedaction("urls,numbers"), (Redaction{.numbers = true, .urls = true}));
  for (const char* text : {"", "numbers,", "number", "all,urls"}) EXPECT_FALSE(ParseRedaction(text)) << text;
}

}  // namespace
}  // namespace winnow
