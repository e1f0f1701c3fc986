#include "experiment/sequential.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace winnow {

Result<SequentialTest> SequentialTest::Restore(TestDirection direction, double strength, double log_evidence,
                                               double ones, int64_t count) {
  if (!std::isfinite(log_evidence) || !(strength > 0) || count < 0 || !(ones >= 0) ||
      ones > static_cast<double>(count) || ones != std::floor(ones)) {
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format("no sequential test has the state log E = {}, {} of {} observations", log_evidence, ones, count),
        "the row of the experiment was changed by hand or by another program; stop the experiment and start a new one");
  }
  SequentialTest test(direction, strength);
  test.log_evidence_ = log_evidence;
  test.ones_ = ones;
  test.count_ = count;
  return test;
}

void SequentialTest::Add(bool is_one, double pi) {
  const double mean = (strength_ * pi + ones_) / (strength_ + static_cast<double>(count_));
  const double bet = direction_ == TestDirection::kTooManyOnes ? std::max(pi, mean) : std::min(pi, mean);
  // bet is pi itself where the data say nothing against the hypothesis; the logarithm is then exactly 0.
  log_evidence_ += is_one ? std::log(bet / pi) : std::log((1 - bet) / (1 - pi));
  ones_ += is_one ? 1 : 0;
  ++count_;
}

bool SequentialTest::Rejects(double alpha) const { return log_evidence_ >= -std::log(alpha); }

double SequentialTest::Progress(double alpha) const { return std::clamp(log_evidence_ / -std::log(alpha), 0.0, 1.0); }

double ProbabilityAtMargin(double margin, double share) { return margin * share / (margin * share + 1 - share); }

}  // namespace winnow
