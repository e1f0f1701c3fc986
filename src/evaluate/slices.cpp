#include "evaluate/slices.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "text/script.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kQuarters = 4;

void Add(const Slice& part, Slice& slice) {
  slice.count += part.count;
  slice.right += part.right;
  slice.negatives += part.negatives;
  slice.false_positives += part.false_positives;
  slice.positives += part.positives;
  slice.found += part.found;
}

void Add(const TextOutcome& outcome, Slice& slice) {
  Add({.name = {},
       .count = 1,
       .right = outcome.right ? 1 : 0,
       .negatives = outcome.positive ? 0 : 1,
       .false_positives = !outcome.positive && outcome.called_positive ? 1 : 0,
       .positives = outcome.positive ? 1 : 0,
       .found = outcome.positive && outcome.called_positive ? 1 : 0,
       .accuracy = {}},
      slice);
}

}  // namespace

std::vector<Slice> SlicesBy(std::span<const std::string> keys, std::span<const TextOutcome> outcomes,
                            std::span<const std::string> order, size_t most) {
  std::map<std::string, Slice> by_name;
  Slice all;
  for (size_t i = 0; i < keys.size(); ++i) {
    Add(outcomes[i], by_name[keys[i]]);
    Add(outcomes[i], all);
  }
  std::vector<Slice> slices;
  for (auto& [name, slice] : by_name) {
    slice.name = name;
    slices.push_back(slice);
  }
  if (slices.size() < 2) return {};
  if (order.empty()) {
    std::ranges::stable_sort(slices, std::greater<>(), &Slice::count);
  } else {
    std::ranges::stable_sort(slices, {}, [&](const Slice& s) { return std::ranges::find(order, s.name); });
  }
  if (slices.size() > most) {
    Slice others;
    for (size_t i = most - 1; i < slices.size(); ++i) Add(slices[i], others);
    others.name = fmt::format("{} others", slices.size() - most + 1);
    slices.resize(most - 1);
    slices.push_back(others);
  }
  const double overall = static_cast<double>(all.right) / static_cast<double>(all.count);
  for (Slice& slice : slices) {
    slice.accuracy = *WilsonInterval(slice.right, slice.count);
    slice.stands_out = overall < slice.accuracy.low || overall > slice.accuracy.high;
  }
  return slices;
}

std::vector<std::string> LengthKeys(std::span<const std::string_view> texts, std::vector<std::string>& order) {
  std::vector<size_t> lengths, sorted;
  lengths.reserve(texts.size());
  for (const std::string_view text : texts) lengths.push_back(CountCodePoints(text));
  sorted = lengths;
  std::ranges::sort(sorted);
  std::vector<size_t> ends;  // the longest of each quarter
  for (size_t q = 1; q <= kQuarters && !sorted.empty(); ++q) {
    const size_t end = sorted[std::max<size_t>(sorted.size() * q / kQuarters, 1) - 1];
    if (ends.empty() || end > ends.back()) ends.push_back(end);
  }
  order.clear();
  for (size_t q = 0; q < ends.size(); ++q) {
    const size_t begin = q == 0 ? sorted.front() : *std::ranges::upper_bound(sorted, ends[q - 1]);
    order.push_back(begin == ends[q] ? fmt::format("{} character{}", begin, begin == 1 ? "" : "s")
                                     : fmt::format("{} to {} characters", begin, ends[q]));
  }
  std::vector<std::string> keys;
  keys.reserve(texts.size());
  for (const size_t length : lengths) {
    keys.push_back(order[static_cast<size_t>(std::ranges::lower_bound(ends, length) - ends.begin())]);
  }
  return keys;
}

std::vector<std::string> ScriptKeys(std::span<const std::string_view> texts) {
  std::vector<std::string> keys;
  keys.reserve(texts.size());
  for (const std::string_view text : texts) keys.push_back(ScriptOf(text));
  return keys;
}

}  // namespace winnow
