#include "mail/html_text.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

std::string TextOf(std::string_view html) { return ExtractHtmlText(html, {}, 100).text; }

TEST(HtmlText, BreaksLinesAtBlocks) {
  EXPECT_EQ(TextOf("<html><head><title>t</title></head><body><h1>A</h1><p>b <b>c</b>\n d</p>e<br>f<br><br>g</body>"),
            "A\nb c d\ne\nf\n\ng\n");
  EXPECT_EQ(TextOf("<ul><li>a<li>b</ul><div><div>c</div></div>"), "a\nb\nc\n");
  EXPECT_EQ(TextOf("one"), "one\n");
  EXPECT_EQ(TextOf("  "), "");
  EXPECT_EQ(TextOf("V<b></b>ia<!-- x -->gra"), "Viagra\n");
}

TEST(HtmlText, SeparatesCells) {
  EXPECT_EQ(TextOf("<table><tr><td>a<td> b </td></tr><tr><th>c</th><td>d</td></tr></table>"), "a\tb\nc\td\n");
  EXPECT_EQ(TextOf("<table><td><p>a</p></td><td><p>b</p></td></table>"), "a\nb\n");
}

TEST(HtmlText, DecodesEntities) {
  EXPECT_EQ(TextOf("a &amp; b&nbsp;c &lt;d&gt; &euro;5 &#x41;&#66; &copy"), "a & b c <d> €5 AB ©\n");
}

TEST(HtmlText, LeavesOutWhatIsNotShown) {
  EXPECT_EQ(TextOf("a<script>var x = '<p>no';</script><style>p{}</style><!-- no --><title>no</title>b"), "ab\n");
  for (const std::string style :
       {"display:none", "DISPLAY : NONE !important", "visibility:hidden", "opacity:0", "opacity: .0;", "font-size:0",
        "font-size:0px", "font-size:1px", "font:0/0 serif", "color:transparent", "color:rgba(0,0,0,0)",
        "color:rgb(0 0 0 / 0%)", "color:red;/*x*/display:none", "display:none!important;display:block",
        "background:url(a;b);display:none", "font-family:'a;b';display:none"}) {
    const HtmlText text = ExtractHtmlText("a<span style=\"" + style + "\">no</span>b", {}, 10);
    EXPECT_EQ(text.text, "ab\n") << style;
    EXPECT_TRUE(text.hidden) << style;
  }
  for (const std::string style :
       {"max-height:0;overflow:hidden", "width:0;overflow-x:clip", "height:0;overflow:hidden;padding:0"}) {
    const HtmlText text = ExtractHtmlText("a<div style='" + style + "'>no</div>b", {}, 10);
    EXPECT_EQ(text.text, "a\nb\n") << style;
    EXPECT_TRUE(text.hidden) << style;
  }
  EXPECT_EQ(TextOf("a<div hidden>no</div>b<template>no</template>"), "ab\n");
  for (const std::string style : {"display:block", "opacity:.5", "font-size:10px", "font:bold 12px serif",
                                  "font-size:small", "color:#000", "max-height:0", "line-height:0"}) {
    EXPECT_EQ(TextOf("a<span style='" + style + "'>b</span>"), "ab\n") << style;
  }
}

// What mail programs show must not be hidden from the filter: the last declaration counts, unless one is important;
// what is not valid has no effect; and what hides in one program only does not hide.
TEST(HtmlText, KeepsWhatSomeProgramShows) {
  for (const std::string style : {"mso-hide:all",
                                  "opacity:0;opacity:1",
                                  "opacity:1!important;opacity:0",
                                  "display:none;display:block",
                                  "display:block!important;display:none",
                                  "visibility:hidden;visibility:visible",
                                  "opacity:0 x",
                                  "font-size:0q1",
                                  "font-size:-1px",
                                  "color:#xyz0",
                                  "color:rgba(x,0)",
                                  "color:transparent;text-shadow:0 0 0 #000",
                                  "font-size:1px;zoom:14",
                                  "font:0/0 a;font:inherit",
                                  "display:none;all:unset",
                                  "display:none;d\\69splay:block",
                                  "x:{;display:none;}",
                                  "x:'/*';display:block;y:'*/';z:'display:none'",
                                  "max-height:0;overflow:hidden",
                                  "display:none;x:url(/*);display:block;y:url(*/)",
                                  "display:none!ie"}) {
    EXPECT_EQ(TextOf("a<span style=\"" + style + "\">b</span>c"), "abc\n") << style;
  }
  for (const std::string style :
       {"max-height:0;overflow:hidden;max-height:9px", "height:0;overflow:hidden;overflow:visible",
        "height:0;overflow:hidden;min-height:9px", "height:0;overflow:hidden;padding-bottom:9px",
        "height:0%;overflow:hidden", "height:0;overflow:hidden;display:inline"}) {
    EXPECT_EQ(TextOf("a<div style='" + style + "'>b</div>c"), "a\nb\nc\n") << style;
  }
  EXPECT_EQ(TextOf("<table><td style='height:0;overflow:hidden'>a</table>"), "a\n");
  EXPECT_EQ(TextOf("<div hidden style='display:block'>a</div>"), "a\n");
  EXPECT_EQ(TextOf("<div style='font-size:1px'><i style='font-size:20em'>a</i></div>"), "a\n");
  EXPECT_EQ(TextOf("<div style='font-size:0;color:transparent'>no<font size=5>a</font><table><td>b</table></div>"),
            "a\nb\n");
  EXPECT_EQ(TextOf("<div style='color:transparent'>no <a href=http://x.example>a</a></div>"), "a\n");
  EXPECT_EQ(TextOf("<div style='height:0;overflow:hidden'>no<b style='position:absolute'>a</b></div>"), "a\n");
  EXPECT_EQ(TextOf("<svg><style><p>a</p></style></svg>"), "a\n");
}

// Responsive mails hide by style attributes what their style sheets show on telephones.
TEST(HtmlText, KeepsWhatAStyleSheetMayShow) {
  const auto with = [](const std::string& sheet, const std::string& style) {
    return TextOf("<style>" + sheet + "</style>a<div class=x style='" + style + "'>b</div>");
  };
  for (const auto& [sheet, style] :
       {std::pair(".x{display:block!important}", "display:none"),
        std::pair("@media (max-width:9px){.x { DISPLAY : block !important }}", "display:none"),
        std::pair("<!-- .x{color:red;opacity:1 ! important} -->", "opacity:0"),
        std::pair(".x{content:'/*';display:block!important}/*'*/", "display:none"),
        std::pair("@keyframes k{from{opacity:1}} .x{animation:k}", "opacity:0"),
        std::pair(".x{d\\69splay:block!important}", "display:none"),
        std::pair(".x{all:unset!important}", "display:none"), std::pair(".x{font:12px a!important}", "font-size:0"),
        std::pair(".x{min-height:9px}", "height:0;overflow:hidden"),
        std::pair(".x{text-shadow:0 0 0 red}", "color:transparent")}) {
    EXPECT_EQ(with(sheet, style), "a\nb\n") << sheet;
  }
  for (const auto& [sheet, style] :
       {std::pair(".x{display:block}", "display:none"),
        std::pair(".x{display:block!important}", "display:none!important"),
        std::pair(".x{width:100%!important}", "display:none"), std::pair("<!-- .x{opacity:1} -->", "opacity:0"),
        std::pair("/* .x{display:block!important} */", "display:none")}) {
    EXPECT_EQ(with(sheet, style), "a\n") << sheet;
  }
  EXPECT_EQ(TextOf("<svg><p><style>.x{display:block!important}</style><div class=x style='display:none'>a</div>"),
            ".x{display:block!important}\na\n");
  EXPECT_EQ(TextOf("<style>.x{font-size:14px}</style><div style='font-size:0'>no<b class=x>a</b></div>"), "a\n");
}

TEST(HtmlText, ShowsWhatIsVisibleAgainInside) {
  EXPECT_EQ(TextOf("<table><td style='font-size:0'><span style='font-size:14px'>shown</span>no</td></table>"),
            "shown\n");
  EXPECT_EQ(TextOf("<div style='visibility:hidden'>no<b style='visibility:visible'>shown</b></div>"), "shown\n");
  EXPECT_EQ(TextOf("<div style='display:none'>no<b style='display:block'>no</b></div>a"), "a\n");
  EXPECT_EQ(TextOf("<div style='font-size:0'><i style='font-size:2em'>no</i></div>a"), "a\n");
  // </b> ends the hidden element although <p> is open.
  EXPECT_EQ(TextOf("<b style='display:none'><p></b>shown"), "shown\n");
}

TEST(HtmlText, ShowsAlternativeTextsAndButtons) {
  EXPECT_EQ(TextOf("a<img alt='logo of x'>b<input type=submit value='Click here'><textarea>t</textarea>"),
            "a logo of x b Click here t\n");
}

TEST(HtmlText, ListsLinks) {
  const HtmlText text = ExtractHtmlText(
      "<a href=' http://a.example/?x=1&amp;y=2 '>Go <b>now</b></a><a href=#top>up</a><a name=x>n</a>", {}, 10);
  ASSERT_EQ(text.links.size(), 1u);
  EXPECT_EQ(text.links[0].href, "http://a.example/?x=1&y=2");
  EXPECT_EQ(text.links[0].text, "Go now");
  EXPECT_EQ(text.text, "Go nowupn\n");
}

TEST(HtmlText, KeepsPreformattedLines) { EXPECT_EQ(TextOf("<pre>a  b\n c</pre>"), "a  b\n c\n"); }

TEST(HtmlText, ReadsConditionalComments) {
  EXPECT_EQ(TextOf("<!--[if mso]><p>no</p><![endif]--><![if !mso]>yes<![endif]><?xml?><!doctype html>!"), "yes!\n");
}

TEST(HtmlText, ReadsBrokenTags) {
  EXPECT_EQ(TextOf("1 < 2 and <3 <"), "1 < 2 and <3 <\n");
  EXPECT_EQ(TextOf("<o:p>a</o:p><p/>b</unknown><font color=\"red>x\">c"), "a\nbc\n");
  EXPECT_EQ(TextOf("<div style='display:none' style='display:block'>no</div>a"), "a\n");
  EXPECT_EQ(TextOf("<form><form><svg><text>a</text></svg></form><noscript>b</noscript><frameset>c"), "a\nbc\n");
}

TEST(HtmlText, BoundsNesting) {
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "<div>";
  const HtmlText text = ExtractHtmlText(deep + "a", {}, 10);
  EXPECT_EQ(text.text, "a\n");
  EXPECT_TRUE(text.too_deep);
  // Elements whose end tags are optional are not nested.
  std::string flat = "<table>";
  for (int i = 0; i < 300; ++i) flat += "<tr><td>x<td><p>y<p>z<ul><li>a<li>b</ul>";
  EXPECT_FALSE(ExtractHtmlText("<ul>" + flat, {}, 10).too_deep);
  // Neither are those that another one closes.
  std::string wrong;
  for (int i = 0; i < 300; ++i) wrong += "<div><span><p>a</div><ul><li><span>b</ul>";
  EXPECT_FALSE(ExtractHtmlText(wrong, {}, 10).too_deep);
}

TEST(HtmlText, BoundsNodes) {
  std::string large;
  for (int i = 0; i < 1000; ++i) large += "<p>x";
  const HtmlText text = ExtractHtmlText(large, {.max_depth = 200, .max_nodes = 100}, 10);
  EXPECT_TRUE(text.too_large);
  EXPECT_TRUE(text.text.starts_with("x\nx\n"));
}

}  // namespace
}  // namespace winnow
