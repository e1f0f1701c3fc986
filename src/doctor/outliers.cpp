#include "doctor/outliers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "data/encoding.h"
#include "data/inspect.h"
#include "data/mojibake.h"
#include "text/character_classes.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Deviations in units that are standard deviations where values are normal: from the median by the median deviation;
/// by the mean one where more than half of the values are the same.
std::vector<double> ModifiedZScores(const std::vector<double>& values) {
  const double median = Median(values);
  std::vector<double> deviations;
  double sum = 0;
  for (const double value : values) {
    deviations.push_back(std::abs(value - median));
    sum += deviations.back();
  }
  const double spread = Median(deviations);
  const double mean = values.empty() ? 0 : sum / static_cast<double>(values.size());
  const double unit = spread > 0 ? spread / 0.6745 : mean * 1.253314;
  std::vector<double> scores;
  for (const double value : values) scores.push_back(unit > 0 ? (value - median) / unit : 0);
  return scores;
}

size_t LettersAndDigits(std::string_view text, size_t enough) {
  size_t count = 0;
  for (size_t i = 0; i < text.size() && count < enough;) {
    const CharacterClass what = ClassOf(NextCodePoint(text, i));
    count += what == CharacterClass::kLetter || what == CharacterClass::kNumber ? 1 : 0;
  }
  return count;
}

class Outliers {
 public:
  explicit Outliers(const Dataset& dataset) : dataset_(dataset) {}

  std::vector<Finding> Find() {
    Lengths();
    Scripts();
    for (size_t t = 0; t < dataset_.examples.size(); ++t) {
      Emptiness(t);
      Encoding(t);
    }
    SortFindings(findings_);
    return std::move(findings_);
  }

 private:
  void Add(FindingKind kind, size_t text, double score, std::string note) {
    findings_.push_back({.kind = kind,
                         .text = text,
                         .label = LabelText(dataset_.labels, dataset_.examples[text].labels),
                         .score = score,
                         .note = std::move(note)});
  }

  void Lengths() {
    constexpr double kBeyond = 3.5;
    std::vector<double> logs;
    for (const Example& example : dataset_.examples) {
      logs.push_back(std::log(static_cast<double>(CountCodePoints(example.text)) + 1));
    }
    const double typical = std::exp(Median(logs)) - 1;
    const std::vector<double> scores = ModifiedZScores(logs);
    for (size_t t = 0; t < scores.size(); ++t) {
      if (std::abs(scores[t]) <= kBeyond) continue;
      const double characters = std::exp(logs[t]) - 1;
      // English texts have about four characters a token.
      const std::string tokens =
          scores[t] > 0 ? fmt::format(", about {:.0f} tokens; a model reads the first --max-length", characters / 4)
                        : std::string();
      Add(FindingKind::kLength, t, std::abs(scores[t]),
          fmt::format("{:.0f} characters; typical: {:.0f}{}", characters, typical, tokens));
    }
  }

  void Scripts() {
    std::map<std::string_view, size_t> counts;
    std::vector<std::string_view> scripts;
    size_t with_letters = 0;
    for (const Example& example : dataset_.examples) {
      scripts.push_back(DominantScript(example.text));
      if (scripts.back() == "none") continue;
      ++counts[scripts.back()];
      ++with_letters;
    }
    for (size_t t = 0; t < scripts.size(); ++t) {
      const auto count = counts.find(scripts[t]);
      if (count == counts.end() || count->second * 100 >= with_letters) continue;
      const double share = static_cast<double>(count->second) / static_cast<double>(with_letters);
      Add(FindingKind::kScript, t, 1 - share,
          fmt::format("most letters are {}, as in {} of {} texts", scripts[t], count->second, with_letters));
    }
  }

  void Emptiness(size_t t) {
    constexpr size_t kEnough = 2;
    const size_t count = LettersAndDigits(dataset_.examples[t].text, kEnough);
    if (count >= kEnough) return;
    Add(FindingKind::kNearlyEmpty, t, 1 - 0.5 * static_cast<double>(count),
        count == 0 ? "no letter or digit" : "one letter or digit");
  }

  void Encoding(size_t t) {
    const std::string& text = dataset_.examples[t].text;
    if (text.find("\xEF\xBF\xBD") != std::string::npos) {
      Add(FindingKind::kEncoding, t, 1, "contains U+FFFD in place of lost bytes");
      return;
    }
    const std::optional<Mojibake> mojibake = FindMojibake(text);
    if (!mojibake) return;
    Add(FindingKind::kEncoding, t, 0.5,
        fmt::format("'{}' was probably '{}': UTF-8 text that was read as Windows-1252", mojibake->broken,
                    mojibake->repaired));
  }

  const Dataset& dataset_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> FindOutliers(const Dataset& dataset) { return Outliers(dataset).Find(); }

}  // namespace winnow
