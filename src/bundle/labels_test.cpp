#include "bundle/labels.h"

#include <gtest/gtest.h>

#include <string>

namespace winnow {
namespace {

TEST(Labels, TheirNumberIsBoundedInEveryForm) {
  constexpr int kMost = 1 << 16;
  Json by_id = Json::object(), by_name = Json::object();
  for (int i = 0; i < kMost; ++i) {
    const std::string name = "L" + std::to_string(i);
    by_id[std::to_string(i)] = name;
    by_name[name] = i;
  }
  EXPECT_EQ(LabelsById(by_id, "test")->size(), kMost);
  EXPECT_EQ(LabelsByName(by_name, "test")->size(), kMost);
  by_id[std::to_string(kMost)] = "one more";
  by_name["one more"] = kMost;
  for (const auto& result : {LabelsById(by_id, "test"), LabelsByName(by_name, "test")}) {
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("65537 labels"), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace winnow
