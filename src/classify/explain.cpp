#include "classify/explain.h"

#include <algorithm>
#include <cmath>

#include "text/folded_text.h"
#include "text/words.h"

namespace winnow {
namespace {

constexpr size_t kBytesAtOnce = size_t{1} << 24;

/// The words of the text as it is read, where they stand in the text as it is.
std::vector<TextRange> WordsAsRead(InputTextView text, bool fold) {
  const FoldedText folded(text, fold, FoldedText::Places::kKept);
  std::vector<TextRange> words = Words(folded.text().joined());
  for (TextRange& word : words) {
    word.begin = folded.OriginalBegin(word.begin);
    word.end = folded.OriginalEnd(word.end);
  }
  return words;
}

std::vector<int32_t> TokensOf(const Scorer& scorer, InputTextView text) {
  PreparedTexts prepared;
  scorer.Prepare({&text, 1}, prepared);
  return std::move(prepared.tokens.windows.ids);
}

/// Returns how many of the words the model reads: the fewest whose tokens are those of the whole text.
size_t WordsRead(const BundleClassifier& classifier, InputTextView text, std::span<const TextRange> words) {
  if (classifier.manifest().long_text != LongText::kHead) return words.size();
  const std::vector<int32_t> all = TokensOf(classifier.scorer(), text);
  if (all.size() < static_cast<size_t>(classifier.manifest().max_length)) return words.size();
  size_t low = 0;
  size_t high = words.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const size_t end = middle == 0 ? 0 : words[middle - 1].end;
    if (TokensOf(classifier.scorer(), text.With(text.joined().substr(0, end))) == all) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/// Returns the words in groups of `per` neighbours; no group goes across the end of a segment.
std::vector<TextRange> Grouped(InputTextView text, std::span<const TextRange> words, size_t per) {
  std::vector<TextRange> groups;
  size_t in_group = per;
  for (const TextRange& word : words) {
    const size_t before = groups.empty() ? 0 : groups.back().end;
    const bool divided = text.With(text.joined().substr(before, word.begin - before)).has_rest();
    if (in_group == per || divided) {
      groups.push_back(word);
      in_group = 0;
    }
    groups.back().end = word.end;
    ++in_group;
  }
  return groups;
}

bool IsBlankAt(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]) <= ' '; }

/// The text without a word, and without one of the spaces around it; where there are none, one comes instead: its
/// neighbours must not become a word that was not there.
std::string Without(std::string_view text, TextRange word) {
  size_t begin = word.begin;
  size_t end = word.end;
  const bool after_blank = begin == 0 || IsBlankAt(text, begin - 1);
  const bool before_blank = end == text.size() || IsBlankAt(text, end);
  if (after_blank && end < text.size() && text[end] == ' ') {
    ++end;
  } else if (before_blank && begin > 0 && text[begin - 1] == ' ') {
    --begin;
  }
  std::string without(text.substr(0, begin));
  if (!after_blank && !before_blank) without += ' ';
  return without.append(text.substr(end));
}

/// Returns the log-odds of a label. They are computed from the sum of the other probabilities, since for a probability
/// near 1 the difference 1 - p consists of rounding errors.
double LogOdds(std::span<const float> probabilities, size_t label, bool multi_label) {
  constexpr double kLeast = 1e-12;
  const auto at = [&](size_t i) { return static_cast<double>(probabilities[i]); };
  double others = 0;
  if (multi_label) {
    others = 1 - at(label);
  } else {
    for (size_t i = 0; i < probabilities.size(); ++i) others += i == label ? 0 : at(i);
  }
  return std::log(std::max(at(label), kLeast)) - std::log(std::max(others, kLeast));
}

/// The text itself, the text without words, and without each range: [ranges + 2, labels].
Result<std::vector<float>> Occlude(const BundleClassifier& classifier, InputTextView text,
                                   std::span<const TextRange> ranges) {
  const size_t count = ranges.size() + 2;
  const InputText without_words = InputText::OfSegments(std::vector<std::string>(text.segments()));
  std::vector<float> probabilities;
  std::vector<std::string> variants;
  std::vector<InputTextView> views;
  for (size_t next = 0; next < count;) {
    variants.clear();
    for (size_t bytes = 0; next < count && (variants.empty() || bytes + text.joined().size() <= kBytesAtOnce); ++next) {
      variants.push_back(next == 0   ? std::string(text.joined())
                         : next == 1 ? without_words.joined()
                                     : Without(text.joined(), ranges[next - 2]));
      bytes += text.joined().size();
    }
    views.clear();
    for (const std::string& variant : variants) views.push_back(text.With(variant));
    const std::vector<float> part = TRY(classifier.Probabilities(views));
    probabilities.insert(probabilities.end(), part.begin(), part.end());
  }
  return probabilities;
}

size_t ExplainedLabel(const BundleClassifier& classifier, const Decision& decision) {
  if (classifier.labels().size() == 2 && !classifier.multi_label() && classifier.positive_label() >= 0) {
    return static_cast<size_t>(classifier.positive_label());
  }
  return static_cast<size_t>(decision.label >= 0 ? decision.label : decision.top);
}

double Sigmoid(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

/// Returns true if the effects of the words add up to the log-odds: the scores of the model do, and its calibration
/// only scales them.
bool AddsUp(const BundleClassifier& classifier) {
  return classifier.scorer().scores_add_up() &&
         CalibrationOf(classifier.manifest()).method == CalibrationMethod::kTemperature;
}

/// The share of each piece of the text in the label's log-odds.
Explanation ExplainByShares(const BundleClassifier& classifier, std::string_view text, size_t label,
                            std::span<const float> probabilities) {
  const Calibration calibration = CalibrationOf(classifier.manifest());
  const double temperature =
      calibration.temperatures.empty() ? calibration.temperature : calibration.temperatures[label];
  const TextShares sum = classifier.scorer().SharesOf(text, label, probabilities, temperature);
  return ExplainShares(text, sum, classifier.labels()[label], static_cast<double>(probabilities[label]));
}

}  // namespace

Result<Explanation> ExplainText(const BundleClassifier& classifier, InputTextView text, const ClassifyOptions& options,
                                size_t most) {
  TRY(classifier.CheckOptions(options));
  if (AddsUp(classifier)) {
    const std::vector<float> probabilities = TRY(classifier.Probabilities({&text, 1}));
    const size_t label = ExplainedLabel(classifier, classifier.DecideOne(probabilities, options));
    return ExplainByShares(classifier, text.joined(), label, probabilities);
  }
  const std::vector<TextRange> all = WordsAsRead(text, classifier.manifest().fold_disguises);
  const size_t read = WordsRead(classifier, text, all);
  const size_t per = std::max<size_t>((read + most - 1) / std::max<size_t>(most, 1), 1);
  const std::vector<TextRange> ranges = Grouped(text, std::span(all).first(read), per);
  const std::vector<float> probabilities = TRY(Occlude(classifier, text, ranges));

  const size_t labels = classifier.labels().size();
  const auto row = [&](size_t i) { return std::span(probabilities).subspan(i * labels, labels); };
  const size_t label = ExplainedLabel(classifier, classifier.DecideOne(row(0), options));
  const auto log_odds = [&](size_t i) { return LogOdds(row(i), label, classifier.multi_label()); };
  Explanation explanation{.label = classifier.labels()[label],
                          .score = row(0)[label],
                          .base = static_cast<float>(log_odds(1)),
                          .words_in_effect = per,
                          .unread = all.size() - read,
                          .words = {}};
  for (size_t i = 0; i < ranges.size(); ++i) {
    explanation.words.push_back({.begin = ranges[i].begin,
                                 .end = ranges[i].end,
                                 .effect = static_cast<float>(log_odds(0) - log_odds(i + 2)),
                                 .score_change = row(0)[label] - row(i + 2)[label]});
  }
  return explanation;
}

Explanation ExplainShares(std::string_view text, const TextShares& sum, std::string label, double score) {
  const std::vector<TextShare>& shares = sum.shares;
  const std::vector<TextRange> words = Words(text);
  double log_odds = sum.base;
  for (const TextShare& share : shares) log_odds += share.share;
  Explanation explanation{.label = std::move(label),
                          .score = static_cast<float>(score),
                          .base = static_cast<float>(sum.base),
                          .exact = true,
                          .words = {}};
  /// Adds the shares [first, last) as one word.
  const auto add = [&](size_t begin, size_t end, size_t first, size_t last) {
    double effect = 0;
    for (size_t i = first; i < last; ++i) effect += shares[i].share;
    const double change = sum.probability_without ? score - sum.probability_without(first, last)
                                                  : Sigmoid(log_odds) - Sigmoid(log_odds - effect);
    explanation.words.push_back(
        {.begin = begin, .end = end, .effect = static_cast<float>(effect), .score_change = static_cast<float>(change)});
  };
  size_t next = 0;
  for (const TextRange& word : words) {
    for (; next < shares.size() && shares[next].end <= word.begin; ++next) {
      add(shares[next].begin, shares[next].end, next, next + 1);  // of a space
    }
    const size_t first = next;
    while (next < shares.size() && shares[next].begin < word.end) ++next;
    if (next > first) add(word.begin, word.end, first, next);
  }
  for (; next < shares.size(); ++next) add(shares[next].begin, shares[next].end, next, next + 1);
  return explanation;
}

}  // namespace winnow
