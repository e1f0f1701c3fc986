#include "review/preparation.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/random.h"

namespace winnow {
namespace {

TEST(Suspects, OfDataWhoseLabelsTakeTurnsAreThoseWithWrongLabelsAlone) {
  constexpr size_t kLabels = 5, kTexts = 200;
  Random random(1, "features");
  std::vector<float> values(kTexts * kLabels, 0);
  std::vector<int32_t> given;
  for (size_t i = 0; i < kTexts; ++i) {
    given.push_back(static_cast<int32_t>(i % kLabels));
    for (size_t k = 0; k < kLabels; ++k) {
      values[i * kLabels + k] = static_cast<float>((k == i % kLabels ? 1 : 0) + 0.05 * random.Normal());
    }
  }
  given[12] = 4;  // it is one of the label 2
  const auto suspects = FindSuspects({values, kLabels}, given, kLabels);
  ASSERT_TRUE(suspects) << suspects.error().Text();
  std::set<uint32_t> items;
  for (const Suspect& suspect : *suspects) items.insert(suspect.item);
  EXPECT_EQ(items, std::set<uint32_t>{12});
}

}  // namespace
}  // namespace winnow
