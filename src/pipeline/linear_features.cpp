#include "pipeline/linear_features.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>

namespace winnow {
namespace {

struct NgramRange {
  int min = 1, max = 1;
};

constexpr int kLongestNgram = 32;

/// "1-3", or "2" for 2-2.
Result<NgramRange> ParseNgrams(std::string_view option, const std::string& text, NgramRange otherwise) {
  if (text.empty()) return otherwise;
  NgramRange range;
  const char* const end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, range.min);
  range.max = range.min;
  if (error == std::errc() && rest != end && *rest == '-') {
    const auto second = std::from_chars(rest + 1, end, range.max);
    rest = second.ptr;
    error = second.ec;
  }
  if (error != std::errc() || rest != end || range.min < 1 || range.max < range.min || range.max > kLongestNgram) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: '{}' is not a valid range of n-gram lengths", option, text),
                fmt::format("specify FROM-TO, such as 1-3, up to {}", kLongestNgram));
  }
  return range;
}

}  // namespace

Result<FeatureOptions> FeatureOptionsOf(const LinearPlan& plan) {
  FeatureOptions features{.analyzer = plan.analyzer == "word"      ? Analyzer::kWord
                                      : plan.analyzer == "char"    ? Analyzer::kChar
                                      : plan.analyzer == "char_wb" ? Analyzer::kCharWb
                                                                   : Analyzer::kBoth,
                          .max_features = plan.max_features,
                          .sublinear = plan.sublinear};
  const bool words = features.analyzer == Analyzer::kWord || features.analyzer == Analyzer::kBoth;
  const NgramRange ngrams = TRY(ParseNgrams("--ngrams", plan.ngrams, {1, words ? 3 : 5}));
  const NgramRange characters = TRY(ParseNgrams("--char-ngrams", plan.char_ngrams, {1, 5}));
  features.min_ngram = ngrams.min;
  features.max_ngram = ngrams.max;
  features.min_char_ngram = characters.min;
  features.max_char_ngram = characters.max;
  return features;
}

}  // namespace winnow
