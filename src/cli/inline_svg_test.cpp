#include "cli/inline_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kPicture[] = R"svg(<?xml version="1.0" encoding="utf-8"  standalone="no"?>
<svg
 viewBox="0 0 460 340"
 xmlns="http://www.w3.org/2000/svg"
>
<title>Gnuplot</title>
<defs><path id='gpPt0' d='M-1,0 h2'/><use xlink:href='#gpPt5' id='gpPt6'/></defs>
<g id="gnuplot_canvas">
<g fill="none" color="black" stroke="currentColor">
</g>
<g fill="none" stroke="rgb(  1,   0,   2)">
	<path stroke='rgb(  1,   0,  22)' stroke-dasharray='2,4' class="gridline"  d='M54.5,282 L434,282
		M0,1'/></g>
	<g id="gnuplot_plot_1" ><title>gnuplot_plot_1</title>
	<use xlink:href='#gpPt6' transform='translate(244.68,150.20) scale(4.50)' color='rgb(1, 0, 3)'/>
	</g>
<g transform="translate(1,2)" fill="rgb(1,0,20)" font-family="sans"><text><tspan font-family="sans" > 0.2 &amp; more</tspan></text></g>
</g>
</svg>)svg";

TEST(InlineSvg, KeepsShapesAndTextsInThePagesColours) {
  const std::string svg = InlineOf(kPicture, {.id = "roc", .title = "ROC <curve>", .desc = "d"}).value();
  EXPECT_THAT(svg, testing::StartsWith("<svg viewBox=\"0 0 460 340\" role=\"img\""));
  EXPECT_THAT(svg, HasSubstr("<title id=\"roc-title\">ROC &lt;curve&gt;</title>"));
  EXPECT_THAT(
      svg,
      HasSubstr(
          "<g fill=\"none\" stroke=\"var(--c2)\"><path stroke=\"var(--line)\" stroke-dasharray=\"2,4\" d=\"M54.5"));
  EXPECT_THAT(svg, HasSubstr("<circle cx=\"244.68\" cy=\"150.20\" r=\"4.50\" stroke=\"none\" fill=\"var(--c3)\"/>"));
  EXPECT_THAT(
      svg,
      HasSubstr("<g transform=\"translate(1,2)\" fill=\"var(--ink)\"><text><tspan> 0.2 &amp; more</tspan></text></g>"));
  for (const char* gone : {"xml", "gnuplot", "gpPt", "font-family", "currentColor", "defs", "Gnuplot", "class"}) {
    EXPECT_THAT(svg, Not(HasSubstr(gone)));
  }
}

TEST(InlineSvg, LetsNothingElseThrough) {
  const std::string svg = InlineOf(
                              "<svg viewBox='0 0 1 1'><g><script>alert(1)</script><path onclick='x()' d='M0,0' "
                              "style='x' fill='url(http://x)'/><a href='x'><text>y</text></a></g></svg>",
                              {.id = "x", .title = "t", .desc = "d"})
                              .value();
  EXPECT_THAT(svg, HasSubstr("<g><path d=\"M0,0\" fill=\"var(--ink)\"/></g></svg>"));
}

TEST(InlineSvg, RefusesWhatIsBroken) {
  const InlineSvg about{.id = "x", .title = "t", .desc = "d"};
  EXPECT_FALSE(InlineOf("", about));
  EXPECT_FALSE(InlineOf("no picture", about));
  EXPECT_FALSE(InlineOf("<svg viewBox='0 0 1 1'><g></path></svg>", about));
  const std::string whole = kPicture;
  for (size_t length = 0; length < whole.size(); ++length) {
    (void)InlineOf(std::string_view(whole).substr(0, length), about);
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x04);
    (void)InlineOf(changed, about);
  }
}

}  // namespace
}  // namespace winnow
