#include "text/input_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace winnow {
namespace {

std::vector<std::string> SegmentsOf(InputTextView text) {
  std::vector<std::string> segments;
  for (; text.has_rest(); text = text.rest()) segments.emplace_back(text.first());
  segments.emplace_back(text.first());
  return segments;
}

TEST(InputText, AStringIsOneSegmentWhateverItHolds) {
  for (const std::string& string : {std::string(), std::string("win"), std::string("win\x1e now")}) {
    EXPECT_EQ(SegmentsOf(InputTextView(string)), std::vector<std::string>{string});
    EXPECT_EQ(InputTextView(string).segments(), 1u);
    EXPECT_EQ(SegmentsOf(InputText(string)), std::vector<std::string>{string});
  }
}

TEST(InputText, AJoinedStringIsDividedAtSeparators) {
  const std::string joined =
      "\x1e"
      "body\x1e";
  const InputTextView text = InputTextView::OfJoined(joined);
  EXPECT_EQ(SegmentsOf(text), (std::vector<std::string>{"", "body", ""}));
  EXPECT_EQ(text.segments(), 3u);
  EXPECT_EQ(text.joined(), joined);
  EXPECT_EQ(SegmentsOf(InputTextView::OfJoined("one")), std::vector<std::string>{"one"});
  EXPECT_EQ(SegmentsOf(InputTextView::OfJoined("")), std::vector<std::string>{""});
}

TEST(InputText, AVariantIsDividedAsItsTextIs) {
  EXPECT_EQ(InputTextView::OfJoined("a")
                .With("b\x1e"
                      "c")
                .segments(),
            2u);
  EXPECT_EQ(InputTextView("a")
                .With("b\x1e"
                      "c")
                .segments(),
            1u);
}

TEST(InputText, SegmentsKeepTheirNumberWhateverTheyHold) {
  const std::vector<std::string> segments = {"subject\x1e", "", "body"};
  const InputText text = InputText::OfSegments(segments);
  EXPECT_EQ(SegmentsOf(text), (std::vector<std::string>{"subject ", "", "body"}));
  const InputText copy = text;
  EXPECT_EQ(copy.segments(), 3u);
}

}  // namespace
}  // namespace winnow
