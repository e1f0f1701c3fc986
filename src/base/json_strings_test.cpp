#include "base/json_strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(JsonStrings, AListOfStringsHasNothingElse) {
  EXPECT_THAT(StringsOf(Json::array({"a", "b"})), Optional(ElementsAre("a", "b")));
  EXPECT_THAT(StringsOf(Json::array()), Optional(IsEmpty()));
  EXPECT_EQ(StringsOf(Json::array({"a", 1})), std::nullopt);
  EXPECT_EQ(StringsOf("a"), std::nullopt);
  EXPECT_EQ(StringsOf(Json()), std::nullopt);
}

TEST(JsonStrings, OtherElementsArePassedOver) {
  EXPECT_THAT(StringsAmong(Json::array({"a", 1, Json(), "b"})), ElementsAre("a", "b"));
  EXPECT_THAT(StringsAmong(Json::object()), IsEmpty());
}

}  // namespace
}  // namespace winnow
