#include "data/label_warnings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "data/label_names.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// Returns an argument in quotes that a shell reads as this text.
std::string Quoted(const std::string& argument) {
  return argument.find('\'') == std::string::npos ? "'" + argument + "'" : "\"" + argument + "\"";
}

void WarnOfSimilar(std::span<const std::string> names, std::vector<std::string>& warnings) {
  std::map<std::string, std::string> by_key;
  for (const std::string& name : names) {
    const auto [entry, is_new] = by_key.emplace(SimilarLabelKey(name), name);
    if (is_new) continue;
    warnings.push_back("the labels '" + entry->second + "' and '" + name +
                       "' are nearly equal; if they are one label, specify --label-map " +
                       Quoted(name + "=" + entry->second));
  }
}

std::vector<std::string_view> PartsOf(std::string_view name, char mark) {
  std::vector<std::string_view> parts;
  for (size_t from = 0; from <= name.size();) {
    const size_t end = std::min(name.find(mark, from), name.size());
    parts.push_back(TrimAscii(name.substr(from, end - from)));
    from = end + 1;
  }
  return parts;
}

/// Labels whose names seem to be lists: in brackets; divided by bars or semicolons; or divided by commas, with parts
/// that are numbers or that occur in several labels.
class ListLikeNames {
 public:
  explicit ListLikeNames(std::span<const std::string> names) {
    for (const std::string& name : names) {
      for (const std::string_view part : PartsOf(name, ',')) ++names_with_[part];
    }
  }

  bool Has(std::string_view name) const {
    const auto in = [&](char open, char close) {
      return name.size() > 2 && name.front() == open && name.back() == close;
    };
    if (in('[', ']') || in('{', '}') || (in('(', ')') && name.find(',') != std::string_view::npos)) return true;
    for (const char mark : {'|', ';'}) {
      const std::vector<std::string_view> parts = PartsOf(name, mark);
      if (parts.size() > 1 && std::ranges::none_of(parts, &std::string_view::empty)) return true;
    }
    const std::vector<std::string_view> parts = PartsOf(name, ',');
    if (parts.size() < 2 || std::ranges::any_of(parts, &std::string_view::empty)) return false;
    const auto recurs = [&](std::string_view part) { return names_with_.at(part) > 1; };
    const auto is_number = [](std::string_view part) { return LabelNumber(part).has_value(); };
    return std::ranges::any_of(parts, recurs) || std::ranges::all_of(parts, is_number);
  }

 private:
  std::map<std::string_view, size_t> names_with_;  // by a part between commas
};

void WarnOfLists(std::span<const std::string> names, std::vector<std::string>& warnings) {
  const ListLikeNames lists(names);
  const auto is_list = [&](const std::string& name) { return lists.Has(name); };
  const auto first = std::ranges::find_if(names, is_list);
  if (first == names.end()) return;
  const auto count = std::ranges::count_if(names, is_list);
  warnings.push_back("'" + *first + "' is read as one label" +
                     (count == 2  ? std::string(", and so is another name that looks like a list")
                      : count > 2 ? ", and so are " + std::to_string(count - 1) + " other names that look like lists"
                                  : std::string()) +
                     "; if it is a list of labels, specify --problem-type multi");
}

void WarnOfUnknown(std::span<const std::string> names, std::vector<std::string>& warnings) {
  constexpr std::array<std::string_view, 6> kUnknown = {"?", "??", "???", "-", "--", "."};
  for (const std::string& name : names) {
    if (std::ranges::find(kUnknown, name) == kUnknown.end()) continue;
    warnings.push_back("'" + name +
                       "' is read as a label; if it means that the label is unknown, leave these rows out " +
                       "with --filter, such as --filter \"label!='" + name + "'\"");
  }
}

/// Numbers that are no names of classes: -1 beside the numbers of labels, which Hugging Face's data sets give to texts
/// without a label, and quantities.
void WarnOfNumbers(std::span<const std::string> names, std::vector<std::string>& warnings) {
  std::set<double> numbers;
  const std::string* fraction = nullptr;
  for (const std::string& name : names) {
    const std::optional<double> number = LabelNumber(name);
    if (!number) return;
    numbers.insert(*number);
    if (*number != std::floor(*number) && fraction == nullptr) fraction = &name;
  }
  if (fraction != nullptr) {
    warnings.push_back("each number, such as '" + *fraction +
                       "', is read as a label of its own, without regard to its size: Winnow does not predict numbers; "
                       "if ranges of them are the labels, name the ranges in another column");
    return;
  }
  const bool sentiment = std::ranges::all_of(numbers, [](double number) { return number >= -1 && number <= 1; });
  if (numbers.contains(-1) && numbers.contains(0) && !sentiment) {
    warnings.push_back(
        "'-1' is read as a label; if it means that there is no label, as in data sets of Hugging Face, "
        "leave these rows out with --filter, such as --filter 'label!=-1'");
  }
}

}  // namespace

std::vector<std::string> LabelWarnings(std::span<const std::string> names, bool multi_label) {
  std::vector<std::string> warnings;
  WarnOfSimilar(names, warnings);
  if (!multi_label) WarnOfLists(names, warnings);
  WarnOfUnknown(names, warnings);
  WarnOfNumbers(names, warnings);
  return warnings;
}

}  // namespace winnow
