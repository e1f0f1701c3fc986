#include "decide/conformal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace winnow {
namespace {

/// n - ceil((n + 1) (1 - max_error)), written so that .01 of 100 is 1.
int64_t AllowedAbove(int64_t n, double max_error) {
  return static_cast<int64_t>(std::floor(static_cast<double>(n + 1) * max_error * (1 + 1e-12))) - 1;
}

}  // namespace

int64_t TextsNeededForError(double max_error) {
  auto needed = std::max<int64_t>(static_cast<int64_t>(std::floor(1 / max_error)) - 2, 0);
  while (AllowedAbove(needed, max_error) < 0) ++needed;
  return needed;
}

Result<AbstentionThreshold> AbstainForError(std::span<const float> confidence, std::span<const uint8_t> wrong,
                                            double max_error) {
  if (!(max_error > 0 && max_error < 1)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} is not a valid error rate", max_error),
                "specify a number between 0 and 1, such as .01");
  }
  AbstentionThreshold result;
  result.texts = static_cast<int64_t>(confidence.size());
  const int64_t allowed = AllowedAbove(result.texts, max_error);
  if (allowed < 0) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("an error rate of at most {} needs at least {} texts, and there are {}", max_error,
                            TextsNeededForError(max_error), result.texts),
                "use more held-out texts, or allow more errors");
  }
  std::vector<float> mistakes;
  for (size_t i = 0; i < confidence.size(); ++i) {
    if (wrong[i] != 0) mistakes.push_back(confidence[i]);
  }
  std::ranges::sort(mistakes, std::greater<>());
  result.wrong_before = static_cast<int64_t>(mistakes.size());
  if (result.wrong_before > allowed) {
    const float score = mistakes[static_cast<size_t>(allowed)];
    if (!(score < 1)) {
      return Fail(
          ErrorCode::kInvalidData,
          fmt::format(
              "more than {} of {} texts are misclassified with a confidence of 1, so no abstention threshold keeps "
              "an error rate of {}",
              allowed, result.texts, max_error),
          "check these texts for wrong labels, calibrate the model, or allow more errors");
    }
    result.below = std::nextafter(score, std::numeric_limits<float>::infinity());
  }
  result.abstained = std::ranges::count_if(confidence, [&](float c) { return c < result.below; });
  result.wrong_answered = std::ranges::count_if(mistakes, [&](float c) { return !(c < result.below); });
  return result;
}

}  // namespace winnow
