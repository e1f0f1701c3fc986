#include "retrain/feedback_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::vector<std::pair<std::string, std::string>> RowOf(const FeedbackFields& fields, const std::string& text) {
  std::vector<std::pair<std::string, std::string>> row;
  for (const Field& field : FeedbackRows::Of(fields).value().Row({text, "spam"}))
    row.emplace_back(field.name, field.value.text);
  return row;
}

TEST(FeedbackRows, HaveTheFieldsOfTheTraining) {
  const std::string mail = "Invoice 7\nPlease pay.";
  EXPECT_THAT(RowOf({}, mail), ElementsAre(Pair("text", mail), Pair("label", "spam")));
  EXPECT_THAT(RowOf({.text_field = "message", .label_field = "kind"}, mail),
              ElementsAre(Pair("message", mail), Pair("kind", "spam")));
  EXPECT_THAT(RowOf({.template_text = "{subject} [SEP] {body:400}"}, mail),
              ElementsAre(Pair("subject", "Invoice 7"), Pair("body", "Please pay."), Pair("label", "spam")));
  EXPECT_THAT(RowOf({.template_text = "{body} {text} {from}"}, mail),
              ElementsAre(Pair("body", mail), Pair("text", mail), Pair("label", "spam")));
}

TEST(FeedbackRows, AllRowsHaveAllFields) {
  const FeedbackRows rows = FeedbackRows::Of({.template_text = "{subject} [SEP] {body}"}).value();
  EXPECT_THAT(rows.fields(), ElementsAre("subject", "body", "label"));
  EXPECT_THAT(RowOf({.template_text = "{subject} [SEP] {body}"}, "Lunch?"),
              ElementsAre(Pair("subject", ""), Pair("body", "Lunch?"), Pair("label", "spam")));
}

TEST(FeedbackRows, RefuseFieldsThatFeedbackCannotFill) {
  const auto error = [](const FeedbackFields& fields) { return FeedbackRows::Of(fields).error().message; };
  EXPECT_THAT(error({.template_text = "{title}"}), HasSubstr("neither {text} nor {body}"));
  EXPECT_THAT(error({.text_field = "x", .label_field = "x"}), HasSubstr("the field 'x' is that of the text and"));
  EXPECT_THAT(error({.label_field = "body", .template_text = "{body}"}), HasSubstr("the field 'body' is"));
}

}  // namespace
}  // namespace winnow
