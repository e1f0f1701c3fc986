#include "cli/classify_lines.h"

#include <fmt/format.h>

#include "base/log.h"
#include "text/utf8.h"

namespace winnow {
namespace {

std::unexpected<Error> NotAsOurs() {
  return Fail(ErrorCode::kNetwork, "the server's answer is not as winnow serve gives it",
              "is the server of another version? 'winnow version' tells this one's");
}

std::optional<float> NumberOf(const Json& object, const char* name) {
  const Json* const found = object.Find(name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<float>();
}

/// `otherwise` where it is missing; nothing where it is no count.
std::optional<size_t> CountOf(const Json& object, const char* name, std::optional<size_t> otherwise) {
  const Json* const found = object.Find(name);
  if (found == nullptr) return otherwise;
  if (!found->is_number_unsigned()) return std::nullopt;
  return found->get<size_t>();
}

}  // namespace

std::string AnswerLine(std::string_view label, double confidence, std::string_view text) {
  return fmt::format("{:<12} {:6.1f} %  {}\n", label.empty() ? "(none)" : label, 100 * confidence, Printable(text));
}

Result<std::string> AnswerLineOf(const Json& answer, std::string_view text) {
  const Json* const decision = answer.Find("decision");
  const Json* const confidence = answer.Find("confidence");
  if (decision == nullptr || confidence == nullptr || !confidence->is_number()) return NotAsOurs();
  std::string label;
  if (decision->is_string()) {
    label = decision->get<std::string>();
  } else if (decision->is_array()) {
    for (const Json& each : *decision) {
      if (!each.is_string()) return NotAsOurs();
      label += (label.empty() ? "" : ",") + each.get<std::string>();
    }
  } else if (!decision->is_null()) {
    return NotAsOurs();
  }
  const Json* const out_of_scope = answer.Find("out_of_scope");
  if (out_of_scope != nullptr && *out_of_scope == true) label += "?";
  return AnswerLine(Printable(label), confidence->get<double>(), text);
}

std::optional<Explanation> ReadExplanation(const Json& json, std::string_view text) {
  if (!json.is_object()) return std::nullopt;
  const Json* const label = json.Find("label");
  const Json* const words = json.Find("words");
  const auto score = NumberOf(json, "score");
  const auto base = NumberOf(json, "base");
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
    const auto effect = NumberOf(each, "effect");
    const auto change = NumberOf(each, "score_change");
    if (!begin || !end || !effect || !change || *begin < points || *end < *begin) return std::nullopt;
    const size_t first = byte_at(*begin);
    explanation.words.push_back({.begin = first, .end = byte_at(*end), .effect = *effect, .score_change = *change});
    if (points < *end) return std::nullopt;  // of a longer text
  }
  return explanation;
}

}  // namespace winnow
