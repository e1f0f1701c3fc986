#include "experiment/confidence_sequence.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace winnow {
namespace {

/// The sequences of tools/make_confidence_sequence_goldens.py.
double Observation(const std::string& sequence, int i) {
  const int residue = (37 * i * i + 11 * i) % 101;
  if (sequence == "uneven") return residue / 100.0;
  if (sequence == "zeros and ones") return residue < 20 ? 1 : 0;
  return sequence == "ones" ? 1 : 0;
}

struct Golden {
  const char* sequence;
  double alpha;
  int t;
  double low, high;
};

// Output of tools/make_confidence_sequence_goldens.py: confseq 0.0.11.
constexpr Golden kGoldens[] = {
    {"uneven", 0.05, 1, 0.0, 1.0},
    {"uneven", 0.05, 10, 0.0, 1.0},
    {"uneven", 0.05, 100, 0.39443828232292055, 0.5987290593908685},
    {"uneven", 0.05, 1000, 0.4612981348568909, 0.5216151822067917},
    {"uneven", 0.01, 1, 0.0, 1.0},
    {"uneven", 0.01, 10, 0.0, 1.0},
    {"uneven", 0.01, 100, 0.3618579941434775, 0.6306922007827889},
    {"uneven", 0.01, 1000, 0.4556169207734101, 0.5270269699681969},
    {"zeros and ones", 0.05, 1, 0.0, 1.0},
    {"zeros and ones", 0.05, 10, 0.0, 0.7764053269347764},
    {"zeros and ones", 0.05, 100, 0.04056241604736577, 0.2991292330662537},
    {"zeros and ones", 0.05, 1000, 0.13103982010242018, 0.22058143594374635},
    {"zeros and ones", 0.01, 1, 0.0, 1.0},
    {"zeros and ones", 0.01, 10, 0.0, 1.0},
    {"zeros and ones", 0.01, 100, 0.007840645011900377, 0.33465097929640686},
    {"zeros and ones", 0.01, 1000, 0.12384229861067973, 0.22846970734498284},
    {"zeros", 0.05, 1, 0.0, 1.0},
    {"zeros", 0.05, 10, 0.0, 0.7764053269347764},
    {"zeros", 0.05, 100, 0.0, 0.07764053269347759},
    {"zeros", 0.05, 1000, 0.0, 0.007764053269347815},
    {"zeros", 0.01, 1, 0.0, 1.0},
    {"zeros", 0.01, 10, 0.0, 1.0},
    {"zeros", 0.01, 100, 0.0, 0.10982929094215965},
    {"zeros", 0.01, 1000, 0.0, 0.010982929094215943},
    {"ones", 0.05, 1, 0.0, 1.0},
    {"ones", 0.05, 10, 0.22359467306522363, 1.0},
    {"ones", 0.05, 100, 0.9223594673065224, 1.0},
    {"ones", 0.05, 1000, 0.9922359467306522, 1.0},
    {"ones", 0.01, 1, 0.0, 1.0},
    {"ones", 0.01, 10, 0.0, 1.0},
    {"ones", 0.01, 100, 0.8901707090578403, 1.0},
    {"ones", 0.01, 1000, 0.9890170709057841, 1.0},
};

TEST(ConfidenceSequence, EqualsTheAuthorsPackage) {
  for (const Golden& golden : kGoldens) {
    ConfidenceSequence sequence(golden.alpha);
    for (int i = 1; i <= golden.t; ++i) sequence.Add(Observation(golden.sequence, i));
    EXPECT_NEAR(sequence.interval().low, golden.low, 1e-12) << golden.sequence << ' ' << golden.t;
    EXPECT_NEAR(sequence.interval().high, golden.high, 1e-12) << golden.sequence << ' ' << golden.t;
    EXPECT_EQ(sequence.count(), golden.t);
  }
}

TEST(ConfidenceSequence, ContainsTheMeanAtEveryMomentInMostRuns) {
  int missed = 0;
  for (uint64_t run = 0; run < 500; ++run) {
    Random random(run, "confidence sequence");
    ConfidenceSequence sequence(0.05);
    bool contains = true;
    for (int i = 0; i < 1000; ++i) {
      sequence.Add(random.Uniform() < 0.3 ? 1 : 0);
      contains = contains && sequence.interval().low <= 0.3 && sequence.interval().high >= 0.3;
    }
    missed += !contains;
  }
  EXPECT_LE(missed, 25);
}

TEST(ConfidenceSequence, KnowsNothingWithoutObservations) {
  const ConfidenceSequence sequence;
  EXPECT_EQ(sequence.interval().low, 0);
  EXPECT_EQ(sequence.interval().high, 1);
  EXPECT_EQ(sequence.mean(), 0.5);
}

}  // namespace
}  // namespace winnow
