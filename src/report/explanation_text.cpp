#include "report/explanation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/log.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kListed = 6;
constexpr size_t kLongestShown = 40;  // bytes of a word in the list
constexpr float kNoEffect = 0.05f;    // of the log-odds: less is not worth a colour

// Backgrounds of the 256-colour palette from pale to strong; black stands out on all of them.
constexpr std::array kFor = {223, 215, 208};
constexpr std::array kAgainst = {153, 111, 69};
constexpr std::string_view kPlain = "\x1b[0m";

std::string Painted(std::string_view shown, int background) {
  return fmt::format("\x1b[38;5;16;48;5;{}m{}{}", background, shown, kPlain);
}

/// The background of an effect where `most` is the strongest, or 0.
int Background(float effect, float most) {
  const float strength = std::fabs(effect) / most;
  if (std::fabs(effect) < kNoEffect || strength < 0.1f) return 0;
  const size_t shade = strength > 0.6f ? 2 : strength > 0.3f ? 1 : 0;
  return effect > 0 ? kFor[shade] : kAgainst[shade];
}

std::string_view WordOf(std::string_view text, const WordEffect& word) {
  return text.substr(word.begin, word.end - word.begin);
}

std::string Coloured(const Explanation& explanation, std::string_view text, float most) {
  std::string shown = "    ";
  size_t at = 0;
  for (const WordEffect& word : explanation.words) {
    shown += Printable(text.substr(at, word.begin - at));
    const std::string printable = Printable(WordOf(text, word));
    const int background = Background(word.effect, most);
    shown += background == 0 ? printable : Painted(printable, background);
    at = word.end;
  }
  shown += Printable(text.substr(at)) + "\n";
  const std::string label = Printable(explanation.label);
  return shown + fmt::format("    {} words that raise the score of {}, {} words that lower it\n",
                             Painted(" ", kFor[2]) + Painted(" ", kFor[0]), label,
                             Painted(" ", kAgainst[2]) + Painted(" ", kAgainst[0]));
}

/// Cut between characters.
std::string Shortened(std::string_view word) {
  if (word.size() <= kLongestShown) return Printable(word);
  size_t end = 0;
  for (size_t i = 0; i < word.size() && i <= kLongestShown - 3;) {
    end = i;
    NextCodePoint(word, i);
  }
  return Printable(word.substr(0, end)) + "...";
}

std::string Percent(float probability) { return fmt::format("{:.1f} %", 100 * static_cast<double>(probability)); }

}  // namespace

std::string DecidedLabel(const Json& prediction) {
  const Json* const decision = prediction.Find("decision");
  return decision != nullptr && decision->is_string() ? decision->str() : std::string();
}

std::string ExplanationText(const Explanation& explanation, std::string_view text, bool colour,
                            std::string_view decision) {
  float most = kNoEffect;
  for (const WordEffect& word : explanation.words) most = std::max(most, std::fabs(word.effect));
  std::string lines = colour ? Coloured(explanation, text, most) : "";
  std::vector<WordEffect> words = explanation.words;
  std::ranges::stable_sort(words, std::greater<>(), [](const WordEffect& word) { return std::fabs(word.effect); });
  words.resize(std::min(words.size(), kListed));
  const std::string label = Printable(explanation.label);
  std::string listed;
  for (const WordEffect& word : words) {
    if (std::fabs(word.effect) < kNoEffect) continue;
    listed += fmt::format("    {:+6.2f}  {} {} without  {}\n", word.effect, label,
                          Percent(explanation.score - word.score_change), Shortened(WordOf(text, word)));
  }
  if (listed.empty()) {
    lines += "    no single word changes the score\n";
  } else {
    if (explanation.label != decision) lines += fmt::format("    effects on the log-odds of {}:\n", label);
    lines += listed;
  }
  if (explanation.words_in_effect > 1) {
    lines += fmt::format("    each effect is that of {} words together, because the text is long\n",
                         explanation.words_in_effect);
  }
  if (explanation.unread > 0) {
    lines += fmt::format("    {} words beyond the maximum length were not read\n", explanation.unread);
  }
  return lines;
}

}  // namespace winnow
