#include "experiment/assignment.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace winnow {
namespace {

std::array<int, 3> CountArms(double share, int users) {
  std::array<int, 3> counts{};
  for (int i = 0; i < users; ++i)
    ++counts[static_cast<size_t>(ArmOf(PlaceOf("spam/7", "user" + std::to_string(i)), share))];
  return counts;
}

TEST(Assignment, GivesTheCandidateItsShareAndTheControlGroupAsMuch) {
  for (const double share : {0.01, 0.1, 0.5}) {
    const auto [none, control, candidate] = CountArms(share, 100000);
    EXPECT_NEAR(candidate, share * 100000, 500) << share;
    EXPECT_NEAR(control, share * 100000, 500) << share;
    EXPECT_EQ(none + control + candidate, 100000);
  }
  const auto [none, control, candidate] = CountArms(0.8, 100000);
  EXPECT_EQ(none, 0);
  EXPECT_NEAR(candidate, 80000, 500);
  EXPECT_NEAR(control, 20000, 500);
}

TEST(Assignment, KeepsUsersInTheCandidatesArmAsTheShareGrows) {
  for (int i = 0; i < 10000; ++i) {
    const double place = PlaceOf("spam/7", "user" + std::to_string(i));
    bool was_candidate = false;
    for (const double share : {0.01, 0.05, 0.1, 0.25, 0.5}) {
      const bool is_candidate = ArmOf(place, share) == Arm::kCandidate;
      EXPECT_TRUE(is_candidate || !was_candidate);
      was_candidate = is_candidate;
    }
    // Up to a half, nobody moves from the control group to the candidate either.
    EXPECT_TRUE(ArmOf(place, 0.01) != Arm::kControl || ArmOf(place, 0.5) == Arm::kControl);
  }
}

TEST(Assignment, IsIndependentBetweenExperiments) {
  int both = 0, first = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string user = "user" + std::to_string(i);
    const bool in_first = ArmOf(PlaceOf("spam/7", user), 0.2) == Arm::kCandidate;
    first += in_first;
    both += in_first && ArmOf(PlaceOf("spam/8", user), 0.2) == Arm::kCandidate;
  }
  EXPECT_NEAR(both, 0.2 * first, 100);
}

TEST(Assignment, SeparatesTheExperimentFromTheUser) { EXPECT_NE(PlaceOf("spam/1", "2"), PlaceOf("spam/12", "")); }

TEST(Assignment, IsTheSameForNamesOfAnyLength) {
  const std::string user(2000, 'u');
  EXPECT_EQ(PlaceOf("spam/7", user), PlaceOf(std::string("spam/7"), std::string(user)));
  EXPECT_NE(PlaceOf("spam/7", user), PlaceOf("spam/7", user + "u"));
}

// (mmh3.hash64(b"spam/7\0anna", signed=False)[0] >> 11) * 2.0**-53, with the Python package mmh3.
TEST(Assignment, CanBeComputedByOtherPrograms) { EXPECT_DOUBLE_EQ(PlaceOf("spam/7", "anna"), 0.8351968473499141); }

TEST(Assignment, CountsAsMuchOfTheExperimentAsTheArmsHave) {
  EXPECT_EQ(ShareInExperiment(0.01), 0.5);
  EXPECT_EQ(ShareInExperiment(0.5), 0.5);
  EXPECT_EQ(ShareInExperiment(0.8), 0.8);
}

}  // namespace
}  // namespace winnow
