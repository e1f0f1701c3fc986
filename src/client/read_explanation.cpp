#include "client/read_explanation.h"

#include "text/utf8.h"

namespace winnow {
namespace {

std::optional<float> ReadNumber(const Json& object, const char* name) {
  const Json* const found = object.Find(name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<float>();
}

/// Returns a count; `otherwise` if it is missing, and nothing if it is no count.
std::optional<size_t> CountOf(const Json& object, const char* name, std::optional<size_t> otherwise) {
  const Json* const found = object.Find(name);
  if (found == nullptr) return otherwise;
  if (!found->is_number_unsigned()) return std::nullopt;
  return found->get<size_t>();
}

}  // namespace

std::optional<Explanation> ReadExplanation(const Json& json, std::string_view text) {
  if (!json.is_object()) return std::nullopt;
  const Json* const label = json.Find("label");
  const Json* const words = json.Find("words");
  const auto score = ReadNumber(json, "score");
  const auto base = ReadNumber(json, "base");
  const auto together = CountOf(json, "words_in_effect", 1);
  const auto unread = CountOf(json, "unread_words", 0);
  if (label == nullptr || !label->is_string() || words == nullptr || !words->is_array() || !score || !base ||
      !together || !unread) {
    return std::nullopt;
  }
  Explanation explanation = {.label = label->get<std::string>(),
                             .score = *score,
                             .base = *base,
                             .words_in_effect = *together,
                             .unread = *unread,
                             .words = {}};
  if (const Json* const method = json.Find("method"); method != nullptr) explanation.exact = *method == "linear";
  // Places count code points there, and bytes here; they only grow.
  size_t at = 0, points = 0;
  const auto byte_at = [&](size_t point) {
    for (; points < point && at < text.size(); ++points) NextCodePoint(text, at);
    return at;
  };
  for (const Json& each : *words) {
    if (!each.is_object()) return std::nullopt;
    const auto begin = CountOf(each, "begin", {});
    const auto end = CountOf(each, "end", {});
    const auto effect = ReadNumber(each, "effect");
    const auto change = ReadNumber(each, "score_change");
    if (!begin || !end || !effect || !change || *begin < points || *end < *begin) return std::nullopt;
    const size_t first = byte_at(*begin);
    explanation.words.push_back({.begin = first, .end = byte_at(*end), .effect = *effect, .score_change = *change});
    if (points < *end) return std::nullopt;  // of a longer text
  }
  return explanation;
}

}  // namespace winnow
