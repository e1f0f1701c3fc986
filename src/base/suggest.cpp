#include "base/suggest.h"

#include <algorithm>
#include <vector>

#include "base/ascii.h"

namespace winnow {
size_t EditDistance(std::string_view a, std::string_view b) {
  // Three rows of the usual table: the swap looks two rows back.
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::optional<std::string> Closest(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t kLongestName = 100;  // the table is quadratic, and nobody mistypes a longer name
  if (word.empty() || word.size() > kLongestName) return std::nullopt;
  const std::string lower = LowerAscii(word);
  size_t best_distance = std::max<size_t>(1, lower.size() / 3) + 1;
  std::optional<std::string> best;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(lower, LowerAscii(candidate));
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  if (best || lower.size() < 2) return best;
  for (const std::string& candidate : candidates) {
    if (!LowerAscii(candidate).starts_with(lower)) continue;
    if (best) return std::nullopt;
    best = candidate;
  }
  return best;
}

std::string DidYouMean(std::string_view word, std::span<const std::string> candidates, std::string_view otherwise,
                       std::string_view prefix) {
  const std::optional<std::string> closest = Closest(word, candidates);
  if (!closest) return std::string(otherwise);
  return "did you mean '" + std::string(prefix) + *closest + "'?";
}

}  // namespace winnow
