#include "report/shown_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(ShownText, ShowsWhatWouldBeUnseen) {
  EXPECT_EQ(ShownText(std::string_view("a\0b\x1b[31m", 8)), "a[U+0000]b[U+001B][31m");
  EXPECT_EQ(ShownText("user\u202Enimda\u2066!"), "user[U+202E]nimda[U+2066]!");
  EXPECT_EQ(ShownText("zero\u200Bwidth\uFEFF"), "zero[U+200B]width[U+FEFF]");
  EXPECT_EQ(ShownText("a\u0085b\u2028c"), "a[U+0085]b[U+2028]c");
  EXPECT_EQ(ShownText("\xff\xc3(\xed\xa0\x80"), "\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(ShownText("one\ntwo"), "one[U+000A]two");
  EXPECT_EQ(ShownText("one\ntwo\t", {.keep_lines = true}), "one\ntwo\t");
}

TEST(ShownText, LeavesWhatIsOrdinaryAlone) {
  for (const char* text : {"Grüße, 你好 🎉", "می‌خواهم", "👩‍💻", ""}) EXPECT_EQ(ShownText(text), text);
}

TEST(ShownText, CutsLongTextsAndSaysSo) {
  EXPECT_EQ(ShownText("äöüabc", {.most = 3}), "äöü… [3 more characters]");
  EXPECT_EQ(ShownText("äöü", {.most = 3}), "äöü");
  EXPECT_EQ(ShownText("abcd", {.most = 3}), "abc… [1 more character]");
}

TEST(HtmlText, IsNoMarkup) {
  EXPECT_EQ(HtmlText("<script>alert(\"1\" & '2')</script>"),
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
}

TEST(HtmlMessage, ShowsWhereSegmentsMeet) {
  EXPECT_EQ(
      HtmlMessage("Hi\x1e<b>you"),
      "<span class=\"segment\">Hi</span> <span class=\"sep\">SEP</span> <span class=\"segment\">&lt;b&gt;you</span>");
  EXPECT_THAT(HtmlMessage("abc\x1e"
                          "def\x1eghi",
                          3),
              testing::EndsWith("</span> … [7 more characters]"));
}

TEST(MarkdownText, MeansNothingButItself) {
  EXPECT_EQ(MarkdownText("a|b <img src=x> [x](http://y) `c`"), "a&#124;b &lt;img src=x> \\[x\\](http\\://y) \\`c\\`");
  EXPECT_EQ(MarkdownText("# head\n- item", {.keep_lines = true}), "\\# head - item");
  EXPECT_EQ(MarkdownText("*a* _b_ ~~c~~ $d$ x@y.z"), "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\$d\\$ x\\@y.z");
  EXPECT_EQ(MarkdownText("12. item"), "12\\. item");
  EXPECT_EQ(MarkdownText("  > quote"), "  \\> quote");
  EXPECT_EQ(MarkdownText("--- and"), "\\--- and");
  EXPECT_EQ(MarkdownText("WWW.a mailto:b &lt;"), "WWW\\.a mailto\\:b &amp;lt;");
}

TEST(MarkdownText, LeavesWhatHasNoMeaningAlone) {
  for (const char* const plain : {"out 1.0.0 on 557 texts: 98.6 % 'spam' (f1_macro +0.5, -1)",
                                  "Better. And \"so\" on & on!", "1.0.0", "", "a = b > c, d#1, e ^ f {g}"}) {
    EXPECT_EQ(MarkdownText(plain), plain);
  }
}

}  // namespace
}  // namespace winnow
