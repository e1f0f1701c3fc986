#include "bundle/labels.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace winnow {
namespace {

constexpr int kMost = 1 << 16;

/// {"0": "L0", ...}, or {"L0": 0, ...}
Json LabelsOf(int count, bool by_id) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += text.empty() ? "{" : ",";
    text += by_id ? fmt::format(R"("{0}": "L{0}")", i) : fmt::format(R"("L{0}": {0})", i);
  }
  return ParseJson(text + "}", "test").value();
}

TEST(Labels, TheirNumberIsBoundedInEveryForm) {
  for (const bool by_id : {true, false}) {
    const auto read = by_id ? LabelsById : LabelsByName;
    const auto labels = read(LabelsOf(kMost, by_id), "test");
    ASSERT_TRUE(labels) << labels.error().message;
    EXPECT_EQ(labels->size(), static_cast<size_t>(kMost));
    EXPECT_EQ(labels->back(), "L65535");
    const auto more = read(LabelsOf(kMost + 1, by_id), "test");
    ASSERT_FALSE(more);
    EXPECT_NE(more.error().message.find("65537 labels"), std::string::npos) << more.error().message;
  }
}

}  // namespace
}  // namespace winnow
