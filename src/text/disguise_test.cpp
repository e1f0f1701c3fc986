#include "text/disguise.h"

#include <gtest/gtest.h>
#include <unicode/uspoof.h>

#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/random.h"
#include "text/look_alikes.h"
#include "text/utf8.h"

namespace winnow {
namespace {

void Folds(std::string_view from, std::string_view to) { EXPECT_EQ(FoldDisguises(from), to) << from; }
void Stays(std::string_view text) { EXPECT_EQ(FoldDisguises(text), text); }

TEST(Disguise, InvisibleCharactersGo) {
  Folds("fr\u200Bee m\u00ADon\u2060ey\uFEFF", "free money");
  Folds("f\u034Fr\u3164ee", "free");
  Folds("f\u0336r\u0336e\u0336e\u0336", "free");
  Folds("e\u0301\u0302\u0303\u0304\u0305", "e\u0301\u0302");
}

TEST(Disguise, InvisibleCharactersThatScriptsAndEmojiNeedStay) {
  Stays("\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645");            // Persian
  Stays("\u0915\u094D\u200D\u0937");                                    // Devanagari
  Stays("\U0001F468\u200D\U0001F469\u200D\U0001F467 \u2764\uFE0F ok");  // a family, a red heart
}

TEST(Disguise, OtherFormsOfLettersAreTheLetters) {
  Folds("\uFF26\uFF32\uFF25\uFF25", "FREE");
  Folds("\U0001D41F\U0001D42B\U0001D41E\U0001D41E \u24C2\u24D0\u24DD \U0001F170\U0001F150 \u249C", "free Man AA a");
  Folds("\uA730\u0280\u1D07\u1D07", "free");  // small capitals
  Stays("10\u00B2 m\u00B3 \u2122 \u2116 5 \u00BD \uFF01 20\u2079 \u2474");
}

TEST(Disguise, SpacedLettersAreJoined) {
  Folds("a F.R.E.E prize", "a FREE prize");
  Folds("w-i-n c*a*s*h now", "win cash now");
  Folds("f r e e   m o n e y!", "free   money!");
  Folds("w i n", "win");
  Folds("(f_r_e_e)", "(free)");
}

TEST(Disguise, InitialsSlangAndListsStay) {
  for (const std::string_view text :
       {"i c u", "how r u", "J. R. R. Tolkien", "e.g. this", "at 5 p.m.", "x-ray", "T-shirt", "a b c", "1 2 3 4 5",
        "java.a.b.c", "a.b.c.example", "w-i-n-ner", "c/o", "I am a b", "-- - --"}) {
    Stays(text);
  }
}

TEST(Disguise, LookAlikesAreFoldedWhereScriptsMix) {
  Folds("fr\u0435\u0435 m\u043Eney", "free money");
  Folds("\u0441\u0430ll \u03BDi\u03C1", "call vip");
  Folds("call \u0441\u043E\u0440 now", "call cop now");  // wholly Cyrillic in a text that is Latin
  Folds("SM\u0405 \u13DFASH", "SMS CASH");
}

TEST(Disguise, TextsInOtherScriptsStayAsTheyAre) {
  for (const std::string_view text :
       {"\u0441\u043E\u0440\u043E\u043A \u0442\u044B\u0441\u044F\u0447", "\u041E\u043D \u0438 \u043E\u043D\u0430",
        "\u03BA\u03B1\u03BB\u03B7\u03BC\u03AD\u03C1\u03B1 \u03C3\u03B1\u03C2",
        "\u0431\u0430\u0440 ok \u0440\u043E\u0441\u0430", "SMS\u043A\u0430", "IT-\u043E\u0442\u0434\u0435\u043B",
        "5 k\u03A9, 10 \u03BCm", "the \u03B1 and \u03C1 values",
        "\u0565\u057D \u0563\u0576\u0578\u0582\u0574 \u0565\u0574", "\u7B2C1\u6B21 \u624B\u673A",
        "caf\u00E9 na\u00EFve kad\u0131n", "/\u026An\u02C8t\u025Bn/",
        "\u0395\u03BB\u03BB\u03AC\u03B4\u03B1 \u03BF \u03B1"}) {
    Stays(text);
  }
}

TEST(Disguise, LatinLettersInCyrillicWordsBecomeCyrillic) {
  Folds("\u0431ec\u043F\u043Ba\u0442\u043Do", "\u0431\u0435\u0441\u043F\u043B\u0430\u0442\u043D\u043E");
}

TEST(Disguise, LeetspeakIsRead) {
  for (const auto& [from, to] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"fr33", "free"},   {"fre3e", "freee"}, {"c4sh", "cash"},       {"m0n3y", "money"},   {"w1n", "win"},
           {"pr1ze", "prize"}, {"cl41m", "claim"}, {"CA$H", "CASH"},       {"PR1ZE", "PRIZE"},   {"c@sh", "cash"},
           {"ca$h", "cash"},   {"0ffer", "offer"}, {"v1agra", "viagra"},   {"w!n", "win"},       {"pr|ze", "prize"},
           {"$ave", "save"},   {"deal$", "deals"}, {"4cc0unt", "account"}, {"num8er", "number"}, {"a9ain", "again"},
           {"fr33!", "free!"}, {"sh00", "shoo"},   {"s+op", "stop"},       {"pri2e", "prize"},   {"f1oor", "floor"}}) {
    Folds(from, to);
  }
}

TEST(Disguise, NumbersCodesAndSlangAreNoLeetspeak) {
  for (const std::string_view text : {"08712300220",
                                      "\u00A31,000.50",
                                      "$500",
                                      "2024",
                                      "10am",
                                      "7pm",
                                      "2nd",
                                      "gr8",
                                      "m8",
                                      "l8r",
                                      "4ever",
                                      "some1",
                                      "m8s",
                                      "WC1N",
                                      "W1J",
                                      "SK38xh",
                                      "LdnW15H",
                                      "only1more",
                                      "the4th",
                                      "Max10mins",
                                      "club4mobiles",
                                      "recd@home",
                                      "07XXXXXXX",
                                      "x x x x x",
                                      "no1",
                                      "b4u",
                                      "just4u",
                                      "2nite",
                                      "mp3",

                                      "iphone5s",
                                      "SW73HP",
                                      "W45 2BX",
                                      "M263UZ",
                                      "AB12CD",
                                      "H1N1",
                                      "covid19",
                                      "B2B",
                                      "A4",
                                      "16+",
                                      "C++",
                                      "hi!there",
                                      "US$100",
                                      "HK$",
                                      "100%",
                                      "a@b.com",
                                      "me@w1n.example",
                                      "http://w1n.example/c4sh",
                                      "www.c4sh.test",
                                      "POBOX334",
                                      "18yrs",
                                      "user@h0st.test",
                                      "x=1",
                                      "9a5e1f03"}) {
    Stays(text);
  }
}

TEST(Disguise, LongLettersAreShortened) {
  Folds("freeeeee soooo winnnnn", "free soo winn");
  Stays("www.example III xxx hmmm 10000000 !!!!! -----");
}

TEST(Disguise, DisguisesMayBeCombined) {
  Folds("fr\u200B3\u0435 c.\u0430.s.h", "free cash");
  Folds("\uFF574\uFF52ez", "warez");
}

TEST(Disguise, SegmentsStayApart) {
  Folds(
      "f r e\x1E"
      "e now",
      "f r e\x1E"
      "e now");
}

TEST(Disguise, InvalidBytesBecomeReplacementCharacters) {
  Folds(
      "fr\xFF"
      "ee\xE2\x80",
      "fr\uFFFD"
      "ee\uFFFD");
}

/// Of all that the stages look for.
std::string HostileText(Random& random) {
  static constexpr std::u32string_view kAlphabet =
      U"aeiouxwlnrtshAEBW0134578926@$!|+  ..--__*\u00B7\u00A0\t\n\x1E'/:"
      U"\u0430\u0435\u043E\u0441\u0440\u0445\u0456\u0433\u0436\u043B\u03B1\u03BF\u03C1\u03B2\u13DF\u13A0\u0578\u0562"
      U"\u200B\u200D\uFE0F\u00AD\u0301\u0336\u20E3\uFF41\U0001D41F\u24D0\U0001F170\u1D07\u025B\u0131\u624B\U0001F468"
      U"\u0645\u0915";
  std::string text;
  char32_t last = 'a';
  for (uint32_t left = random.Below(40); left > 0; --left) {
    if (random.Below(4) != 0) last = kAlphabet[random.Below(static_cast<uint32_t>(kAlphabet.size()))];
    AppendUtf8(last, text);
    if (random.Below(5) == 0) text += " .-"[random.Below(3)];
    if (random.Below(60) == 0) text += '\xC3';
    if (random.Below(40) == 0) text += "www.";
  }
  return text;
}

TEST(Disguise, FoldingTwiceIsFoldingOnce) {
  Random random(7, "disguise");
  for (int i = 0; i < 60000; ++i) {
    const std::string text = HostileText(random);
    const std::string once = FoldDisguises(text);
    ASSERT_EQ(FoldDisguises(once), once) << text;
  }
}

TEST(Disguise, TextsOfAsciiFoldLikeOthers) {
  // A character outside ASCII that divides words, so that the whole text is looked at character by character.
  const std::string end = " \u00D7";
  constexpr std::string_view kCharacters = "aaaeexXbFRu014 57  ..-_*|~@$!+:/w\n\t\x1E\x7F,";
  Random random(9, "ASCII");
  int changed = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const uint32_t letters = 1 + random.Below(static_cast<uint32_t>(kCharacters.size()));
    const uint32_t size = random.Below(24);
    for (uint32_t i = 0; i < size; ++i) text += kCharacters[random.Below(letters)];
    std::vector<uint32_t> ends, ends_of_others;
    const std::string folded = FoldDisguises(text, &ends);
    ASSERT_EQ(folded + end, FoldDisguises(text + end, &ends_of_others)) << text;
    ends_of_others.resize(ends.size());
    ASSERT_EQ(ends, ends_of_others) << text;
    changed += folded == text ? 0 : 1;
  }
  EXPECT_GT(changed, 500);
  EXPECT_LT(changed, 15'000);
}

TEST(Disguise, EachByteTellsWhereItCameFrom) {
  std::vector<uint32_t> ends;
  EXPECT_EQ(FoldDisguises("a f.r.\u0435.e fr\u200B33", &ends), "a free free");
  EXPECT_EQ(ends, (std::vector<uint32_t>{1, 2, 3, 5, 8, 10, 11, 12, 13, 17, 18}));
  Random random(8, "disguise");
  for (int i = 0; i < 2000; ++i) {
    const std::string text = HostileText(random);
    const std::string folded = FoldDisguises(text, &ends);
    ASSERT_EQ(ends.size(), folded.size());
    uint32_t before = 0;
    for (size_t k = 0; k < ends.size(); ++k) {
      ASSERT_GE(ends[k], before);
      ASSERT_LE(ends[k], text.size());
      before = ends[k];
    }
  }
}

TEST(Disguise, LongTextsTakeLinearTime) {
  // Were any stage quadratic, these would take hours.
  for (const std::string_view unit :
       {"a ", "a.", "a.b.c.d.foo-", "4", "a4", "!", "w!", "e\u0301", "\u0430", "@", "://", "w", "a\u200B"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    EXPECT_LE(FoldDisguises(text + "x").size(), text.size() + 1);
  }
}

TEST(LookAlikes, AreThoseOfUnicode) {
  UErrorCode status = U_ZERO_ERROR;
  USpoofChecker* checker = uspoof_open(&status);
  ASSERT_TRUE(U_SUCCESS(status));
  const auto skeleton = [&](char32_t c) {
    std::string from, to(64, '\0');
    AppendUtf8(c, from);
    const int32_t size = uspoof_getSkeletonUTF8(checker, 0, from.data(), static_cast<int32_t>(from.size()), to.data(),
                                                static_cast<int32_t>(to.size()), &status);
    return to.substr(0, static_cast<size_t>(size));
  };
  int found = 0;
  for (char32_t c = 0x250; c < 0x20000; ++c) {
    const char letter = LookAlike(c);
    if (letter == 0) continue;
    ++found;
    EXPECT_TRUE(IsAsciiLetter(letter));
    // Small capitals that look like no small letter are no confusables, but fancy type.
    const bool fancy = (c >= 0x1D00 && c <= 0x1D22) || (c >= 0x250 && c < 0x2B0) || c == 0xA730 || c == 0xA731 ||
                       c == 0x51A;  // Qa, which looks like Q in most type
    if (!fancy) {
      EXPECT_EQ(skeleton(c), skeleton(static_cast<char32_t>(letter))) << std::hex << static_cast<uint32_t>(c);
    }
  }
  EXPECT_GT(found, 120);
  uspoof_close(checker);
  for (const char32_t c : std::u32string_view(U"aceiopxyABCEHIKMOPTX")) {
    EXPECT_NE(CyrillicLookAlike(c), 0u);
  }
}

}  // namespace
}  // namespace winnow
