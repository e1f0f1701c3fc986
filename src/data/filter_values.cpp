#include "data/filter_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/names.h"
#include "base/progress.h"
#include "base/suggest.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kMostValues = 1000;  // of a field of free text, each row has another one
constexpr size_t kShownValues = 8;
constexpr size_t kShownCharacters = 40;
constexpr size_t kShortest = 3;  // bytes of a value for which another one can be a misspelling

std::string Shortened(const std::string& value) {
  const std::string_view shown = FirstCodePoints(value, kShownCharacters);
  if (value.empty()) return "''";
  return std::string(shown) + (shown.size() < value.size() ? "..." : "");
}

bool IsOrder(Filter::Op op) { return op >= Filter::Op::kLess; }

}  // namespace

void FilterValues::Add(const Record& record, std::string_view text) {
  const std::vector<Filter::Condition>& conditions = filter_->conditions();
  for (size_t i = 0; i < conditions.size(); ++i) {
    Seen& seen = seen_[i];
    ++seen.rows;
    if (Filter::Satisfies(conditions[i], record, text)) {
      ++seen.satisfied;
      continue;
    }
    const Value value = Filter::ValueOf(conditions[i], record, text);
    if (value.kind == Value::Kind::kMissing) {
      ++seen.missing;
    } else if (value.kind == Value::Kind::kList) {
      for (const std::string& item : value.items) Count(item, seen);
    } else if (const std::optional<double> number = Filter::NumberIn(value.text); IsOrder(conditions[i].op) && number) {
      seen.low = seen.numbers ? std::min(seen.low, *number) : *number;
      seen.high = seen.numbers ? std::max(seen.high, *number) : *number;
      seen.numbers = true;
    } else {
      Count(value.text, seen);
    }
  }
}

void FilterValues::Count(const std::string& value, Seen& seen) const {
  if (const auto found = seen.values.find(value); found != seen.values.end()) {
    ++found->second;
  } else if (seen.values.size() < kMostValues) {
    seen.values.emplace(value, 1);
  }
}

std::string FilterValues::ValuesText(const Filter::Condition& condition, const Seen& seen) {
  const std::string field = "'" + condition.field + "'";
  if (seen.missing == seen.rows) return field + " is missing in every row";
  if (seen.numbers) {
    return seen.low == seen.high ? fmt::format("{} is {} in every row", field, seen.low)
                                 : fmt::format("{} is between {} and {}", field, seen.low, seen.high);
  }
  std::vector<std::pair<std::string, size_t>> sorted(seen.values.begin(), seen.values.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string, size_t>::second);
  std::vector<std::string> names, shown;
  for (const auto& [value, rows] : sorted) {
    names.push_back(value);
    shown.push_back(fmt::format("{} ({})", Shortened(value), FormatCount(static_cast<int64_t>(rows))));
  }
  const std::string values = FirstNames(shown, kShownValues);
  std::string text = names.size() == 1 ? fmt::format("the only value of {} is {}", field, values)
                                       : fmt::format("the values of {} are {}", field, values);
  if (condition.op != Filter::Op::kEqual) return text;
  // Of short values only another spelling is close.
  const std::string lowered = LowerAscii(condition.value);
  if (lowered.size() < kShortest)
    std::erase_if(names, [&](const std::string& name) { return LowerAscii(name) != lowered; });
  const std::string meant = DidYouMean(condition.value, names, "");
  return meant.empty() ? text : text + "; " + meant;
}

std::string FilterValues::Advice() const {
  const std::vector<Filter::Condition>& conditions = filter_->conditions();
  std::string advice;
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (seen_[i].satisfied > 0) continue;
    advice += (advice.empty() ? "" : "; ") +
              fmt::format("no row satisfies '{}': {}", conditions[i].text, ValuesText(conditions[i], seen_[i]));
  }
  return advice.empty() ? "some rows satisfy each condition of --filter, but no row satisfies all of them" : advice;
}

}  // namespace winnow
