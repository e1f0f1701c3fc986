#include "doctor/class_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <unordered_map>

#include "base/ascii.h"
#include "base/suggest.h"
#include "text/case_fold.h"

namespace winnow {
namespace {

constexpr size_t kSmall = 20;

/// A name without case and what people put between words. Numbers stay as they are: signs and points are part of them.
std::string NameKey(std::string_view name) {
  const std::string folded = FoldCase(name);
  std::string key;
  bool has_letter = false;
  for (const char c : folded) {
    const bool between = std::string_view(" \t\r\n_-.,:;/'\"!").find(c) != std::string_view::npos;
    if (!between) key += c;
    has_letter = has_letter || (!between && !IsAsciiDigit(c));
  }
  return has_letter ? key : folded;
}

/// Returns true if one name is the other but for a slip of a letter. Names that differ in a digit are meant to.
bool OneSlip(const std::string& a, const std::string& b) {
  constexpr size_t kLeast = 5;
  if (std::min(a.size(), b.size()) < kLeast || EditDistance(a, b) != 1) return false;
  const auto digits = [](const std::string& text) {
    std::string found;
    std::ranges::copy_if(text, std::back_inserter(found), [](char c) { return IsAsciiDigit(c); });
    return found;
  };
  return digits(a) == digits(b);
}

class Classes {
 public:
  Classes(const Dataset& dataset, const DuplicateGroups& groups)
      : dataset_(dataset), groups_(groups), counts_(dataset.labels.size(), 0) {
    for (const Example& example : dataset.examples) {
      for (const int32_t id : example.labels) ++counts_[static_cast<size_t>(id)];
    }
  }

  std::vector<Finding> Find() {
    SimilarNames();
    Sizes();
    OneText();
    SortFindings(findings_);
    return std::move(findings_);
  }

 private:
  const std::string& Name(size_t label) const { return dataset_.labels.names[label]; }

  void Add(FindingKind kind, size_t label, std::string suggested, double score, std::string note) {
    findings_.push_back({.kind = kind,
                         .text = std::nullopt,
                         .label = Name(label),
                         .suggested = std::move(suggested),
                         .score = score,
                         .note = std::move(note)});
  }

  /// Finds classes whose names may be slips of the name of a larger class.
  void SimilarNames() {
    // All pairs are compared for slips; past this many classes it would take long, and they are no longer names.
    constexpr size_t kMostPairs = 2000;
    std::vector<std::string> keys;
    std::unordered_map<std::string, std::vector<size_t>> same;
    for (size_t label = 0; label < counts_.size(); ++label) {
      keys.push_back(NameKey(Name(label)));
      same[keys.back()].push_back(label);
    }
    for (size_t label = 0; label < counts_.size(); ++label) {
      std::vector<size_t> twins = same[keys[label]];
      bool slip = false;
      if (twins.size() == 1 && counts_.size() <= kMostPairs) {
        for (size_t other = 0; other < counts_.size(); ++other) {
          // A slip is rare; two classes of many texts that differ by a letter are two classes.
          const bool rare = counts_[label] * kSmall <= counts_[other];
          if (other != label && rare && OneSlip(keys[label], keys[other])) twins.push_back(other);
        }
        slip = true;
      }
      const size_t most = *std::ranges::max_element(twins, {}, [&](size_t l) { return counts_[l]; });
      if (most == label) continue;
      Add(FindingKind::kSimilarLabels, label, Name(most), slip ? 0.5 : 1,
          fmt::format("{} texts; the label '{}'{} has {}", counts_[label], Name(most),
                      slip ? ", which differs by one letter," : "", counts_[most]));
    }
  }

  void Sizes() {
    for (size_t label = 0; label < counts_.size(); ++label) {
      const size_t count = counts_[label];
      if (count >= kSmall) continue;
      const std::string_view why = count == 0   ? "no text"
                                   : count == 1 ? "1 text: it cannot be in both the training and the test part"
                                   : count < 5  ? "too few for training and evaluation"
                                                : "too few for reliable metrics";
      Add(FindingKind::kSmallClass, label, count == 1 ? std::string(kDropFix) : "",
          1 - static_cast<double>(count) / kSmall,
          count < 2 ? std::string(why) : fmt::format("{} texts: {}", count, why));
    }
    const size_t texts = dataset_.examples.size();
    const size_t largest = static_cast<size_t>(std::ranges::max_element(counts_) - counts_.begin());
    if (dataset_.multi_label || counts_.empty() || counts_[largest] * 100 < texts * 95) return;
    const double share = static_cast<double>(counts_[largest]) / static_cast<double>(texts);
    Add(FindingKind::kUnequalClasses, largest, "", share,
        fmt::format("{:.1f} % of the texts, which is also the accuracy of always predicting this label; use macro-F1",
                    100 * share));
  }

  /// A class that is mostly one text, again and again, is learnt by heart.
  void OneText() {
    std::map<std::pair<int32_t, size_t>, size_t> together;
    for (size_t t = 0; t < dataset_.examples.size(); ++t) {
      for (const int32_t id : dataset_.examples[t].labels) ++together[{id, groups_.group_of[t]}];
    }
    for (const auto& [place, count] : together) {
      const auto label = static_cast<size_t>(place.first);
      if (counts_[label] < 5 || count * 2 <= counts_[label]) continue;
      Add(FindingKind::kOneTextClass, label, "", static_cast<double>(count) / static_cast<double>(counts_[label]),
          fmt::format("{} of its {} texts are (near-)duplicates of {}", count, counts_[label],
                      PlaceText(dataset_.examples[place.second])));
    }
  }

  const Dataset& dataset_;
  const DuplicateGroups& groups_;
  std::vector<size_t> counts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> FindClassFindings(const Dataset& dataset, const DuplicateGroups& groups) {
  return Classes(dataset, groups).Find();
}

}  // namespace winnow
