#include "evaluate/scope_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/random.h"
#include "decide/neyman_pearson.h"

namespace winnow {
namespace {

constexpr std::array kMethods = {ScopeMethod::kMaxProbability, ScopeMethod::kEnergy, ScopeMethod::kDistance};

std::vector<float> ScoresOf(ScopeMethod method, std::span<const float> logits, size_t labels, const ScopeShape& shape) {
  std::vector<float> scores(logits.size() / labels), scratch;
  ScopeScores(method, logits, labels, shape, scores, scratch);
  return scores;
}

/// Returns for each text whether the class means are fitted to it; the threshold is chosen on the others. The half is
/// random within each label, since texts have orders of their own: rows that alternate between two sources would
/// otherwise put one source into each half, and the threshold would guarantee nothing for the other one.
std::vector<bool> FittingHalf(std::span<const int32_t> truth) {
  std::map<int32_t, std::vector<size_t>> by_label;
  for (size_t t = 0; t < truth.size(); ++t) by_label[truth[t]].push_back(t);
  Random random(42, "out of scope");
  std::vector<bool> fits(truth.size());
  bool next = true;  // goes on from label to label, so that labels with one text are in both halves
  for (auto& [label, texts] : by_label) {
    random.Shuffle(texts);
    for (const size_t t : texts) {
      fits[t] = next;
      next = !next;
    }
  }
  return fits;
}

/// The smallest order statistic that keeps the guarantee; texts above it are rejected. `scores` are those of a half of
/// `labelled` texts.
Result<float> ThresholdOf(std::vector<float> scores, size_t labelled, const ScopeFitOptions& options) {
  const auto n = static_cast<int64_t>(scores.size());
  const int64_t needed = TextsNeededForFpr(options.max_rejected, options.confidence);
  if (n < needed) {
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format(
            "--max-rejected {:g} with {:.4g} % confidence requires at least {} labelled texts, but there are only {} "
            "(half of them are used to choose the threshold)",
            options.max_rejected, 100 * options.confidence, 2 * needed, labelled),
        "add labelled texts or raise --max-rejected");
  }
  std::ranges::sort(scores);
  int64_t low = 1, high = n;  // the guarantee of rank n holds, as there are enough texts
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (ViolationProbability(n, middle, options.max_rejected) <= 1 - options.confidence) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return scores[static_cast<size_t>(low - 1)];
}

double ShareRejected(const ScopeRule& rule, std::span<const float> scores) {
  if (scores.empty()) return 0;
  const auto rejected = std::ranges::count_if(scores, [&](float score) { return rule.Rejects(score); });
  return static_cast<double>(rejected) / static_cast<double>(scores.size());
}

}  // namespace

Result<ScopeFit> FitScope(std::span<const float> logits, std::span<const int32_t> truth, std::span<const float> outside,
                          size_t labels, const ScopeFitOptions& options) {
  std::vector<float> fitting, choosing;
  std::vector<int32_t> fitting_truth;
  const std::vector<bool> fits = FittingHalf(truth);
  for (size_t t = 0; t < truth.size(); ++t) {
    const auto row = logits.subspan(t * labels, labels);
    std::vector<float>& half = fits[t] ? fitting : choosing;
    half.insert(half.end(), row.begin(), row.end());
    if (fits[t]) fitting_truth.push_back(truth[t]);
  }
  ScopeFit fit;
  const Result<ScopeShape> shape = FitScopeShape(fitting, fitting_truth, labels);
  const bool distance_asked = options.method == ScopeMethod::kDistance;
  if (!shape && (distance_asked || shape.error().code != ErrorCode::kInvalidData))
    return std::unexpected(shape.error());
  if (!shape) fit.notes.push_back("the distance to the class means is not available: " + shape.error().message);

  std::optional<ScopeRule> best;
  for (const ScopeMethod method : kMethods) {
    if (method == ScopeMethod::kDistance && !shape) continue;
    const ScopeShape none;
    const ScopeShape& used = method == ScopeMethod::kDistance ? *shape : none;
    const std::vector<float> inside_scores = ScoresOf(method, choosing, labels, used);
    const std::vector<float> outside_scores = ScoresOf(method, outside, labels, used);
    ScopeRule rule{.method = method,
                   .threshold = TRY(ThresholdOf(inside_scores, truth.size(), options)),
                   .shape = used,
                   .max_rejected = options.max_rejected,
                   .confidence = options.confidence,
                   .texts = static_cast<int64_t>(inside_scores.size()),
                   .outside_texts = static_cast<int64_t>(outside_scores.size()),
                   .auroc = ScopeAuroc(inside_scores, outside_scores),
                   .source = {},
                   .weights = {}};
    fit.methods.push_back({.method = method,
                           .auroc = rule.auroc,
                           .rejected = rule.auroc ? std::optional(ShareRejected(rule, outside_scores)) : std::nullopt});
    // Without texts out of scope the last one that there is: the distance where it can be had, which on public data is
    // the best of the three; else the probability, as a linear model's energy may say nothing.
    const bool better =
        !best || (rule.auroc ? *rule.auroc > best->auroc.value_or(0) : method == ScopeMethod::kDistance);
    if (options.method ? *options.method == method : better) best = std::move(rule);
  }
  if (outside.empty()) {
    fit.notes.push_back("no out-of-scope texts were specified, so the detection rate is unknown");
  }
  fit.rule = std::move(*best);
  return fit;
}

ScopeMetrics MeasureScope(const ScopeRule& rule, std::span<const float> scores, std::span<const char> right,
                          std::span<const float> outside) {
  ScopeMetrics metrics{.texts = scores.size(),
                       .outside_texts = outside.size(),
                       .auroc = ScopeAuroc(scores, outside),
                       .rejected = ShareRejected(rule, scores),
                       .outside_rejected = ShareRejected(rule, outside)};
  double right_texts = 0, kept = 0, right_kept = 0;
  for (size_t t = 0; t < scores.size(); ++t) {
    const double one = right[t] != 0 ? 1 : 0;
    right_texts += one;
    if (rule.Rejects(scores[t])) continue;
    ++kept;
    right_kept += one;
  }
  const auto count = static_cast<double>(scores.size()), out = static_cast<double>(outside.size());
  metrics.accuracy = right_texts / std::max(count, 1.0);
  metrics.accuracy_kept = right_kept / std::max(kept, 1.0);
  metrics.accuracy_all = (right_kept + metrics.outside_rejected * out) / std::max(count + out, 1.0);
  return metrics;
}

}  // namespace winnow
