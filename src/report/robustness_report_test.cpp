#include "report/robustness_report.h"

#include <gmock/gmock.h>

namespace winnow {
namespace {

using testing::HasSubstr;

Metrics Of(size_t wrong) {
  std::vector<float> probabilities;
  std::vector<int32_t> truth;
  for (size_t i = 0; i < 20; ++i) {
    truth.push_back(static_cast<int32_t>(i % 2));
    const bool spam = (i % 2 == 1) != (i < wrong);
    probabilities.push_back(spam ? 0.2f : 0.9f);
    probabilities.push_back(spam ? 0.8f : 0.1f);
  }
  return ComputeMetrics(probabilities, truth, std::vector<std::string>{"ham", "spam"}, {.positive_label = 1}).value();
}

TEST(RobustnessReport, ShowsEachDisguiseWithAndWithoutFolding) {
  const std::vector<RobustnessRow> rows = {
      {.disguise = "none", .strength = 0, .changed = 0, .off = Of(1), .on = Of(1)},
      {.disguise = "leetspeak", .strength = 0.5, .changed = 18, .off = Of(6), .on = Of(2)},
      {.disguise = "spaced letters", .strength = 0.5, .changed = 20, .off = Of(8), .on = Of(1)},
      {.disguise = "zero-width", .strength = 1, .changed = 20, .off = Of(8), .on = Of(1)}};
  const std::string text = RobustnessText(rows, true);
  EXPECT_THAT(text, HasSubstr("recall of spam"));
  EXPECT_THAT(text, HasSubstr("spaced letters  50 %   off"));
  EXPECT_THAT(text, HasSubstr("--fold-disguises of this model: on"));
  const Json json = RobustnessJson(rows, true);
  EXPECT_EQ(json["rows"].size(), rows.size());
  EXPECT_EQ(json["positive_label"], "spam");
  EXPECT_TRUE(json["rows"][3]["on"]["intervals"]["recall"].is_array());
}

}  // namespace
}  // namespace winnow
