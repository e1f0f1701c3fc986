#include "text/text_template.h"

#include <gtest/gtest.h>

#include <map>

namespace winnow {
namespace {

std::string Render(std::string_view pattern, const std::map<std::string, std::string, std::less<>>& fields,
                   bool* any = nullptr) {
  const Result<TextTemplate> parsed = TextTemplate::Parse(pattern);
  EXPECT_TRUE(parsed) << parsed.error().Text();
  if (!parsed) return {};
  std::string text;
  const bool filled = parsed->Render(
      [&](std::string_view name) {
        const auto found = fields.find(name);
        return found == fields.end() ? std::string_view() : std::string_view(found->second);
      },
      text);
  if (any != nullptr) *any = filled;
  return text;
}

TEST(TextTemplate, DividesSegmentsAndCutsByCodePoints) {
  EXPECT_EQ(Render("{subject} [SEP] {body:3}", {{"subject", "Hi"}, {"body", "\u00e9\u6587\U0001F600x"}}),
            "Hi\x1e\u00e9\u6587\U0001F600");
}

TEST(TextTemplate, LeavesUsersSeparatorsPlain) {
  EXPECT_EQ(Render("{a} [SEP] {b}", {{"a", "x [SEP] y"}, {"b", "p\x1eq"}}), "x [SEP] y\x1ep q");
}

TEST(TextTemplate, TakesAMissingFieldAsEmpty) {
  bool any = true;
  EXPECT_EQ(Render("Subject: {subject} / {body}", {{"body", " "}}, &any), "Subject:  /  ");
  EXPECT_FALSE(any);
  Render("{subject}{body}", {{"body", "b"}}, &any);
  EXPECT_TRUE(any);
}

TEST(TextTemplate, HasPlainBraces) { EXPECT_EQ(Render("{{{a}}}", {{"a", "x"}}), "{x}"); }

TEST(TextTemplate, ListsItsFieldsOnce) {
  EXPECT_EQ(TextTemplate::Parse("{a} {b:2} {a}")->fields(), (std::vector<std::string>{"a", "b"}));
}

TEST(TextTemplate, RefusesWhatMakesNoSense) {
  for (const char* bad : {"", "no field", "{a", "a}", "{}", "{a:}", "{a:x}", "{a:0}", "{a:-1}", "{:4}",
                          "{a:99999999999999999999999}", "{a{b}"}) {
    const Result<TextTemplate> parsed = TextTemplate::Parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace winnow
