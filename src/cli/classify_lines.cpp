#include "cli/classify_lines.h"

#include <fmt/format.h>

#include "base/log.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::unexpected<Error> NotAsOurs() {
  return Fail(ErrorCode::kNetwork, "the server's answer is not as winnow serve gives it",
              "is the server of another version? 'winnow version' tells this one's");
}

std::optional<float> NumberOf(const OrderedJson& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<float>();
}

/// `otherwise` where it is missing; nothing where it is no count.
std::optional<size_t> CountOf(const OrderedJson& object, const char* name, std::optional<size_t> otherwise) {
  const auto found = object.find(name);
  if (found == object.end()) return otherwise;
  if (!found->is_number_unsigned()) return std::nullopt;
  return found->get<size_t>();
}

}  // namespace

std::string AnswerLine(std::string_view label, double confidence, std::string_view text) {
  return fmt::format("{:<12} {:6.1f} %  {}\n", label.empty() ? "(none)" : label, 100 * confidence, Printable(text));
}

Result<std::string> AnswerLineOf(const OrderedJson& answer, std::string_view text) {
  const auto decision = answer.find("decision");
  const auto confidence = answer.find("confidence");
  if (decision == answer.end() || confidence == answer.end() || !confidence->is_number()) return NotAsOurs();
  std::string label;
  if (decision->is_string()) {
    label = decision->get<std::string>();
  } else if (decision->is_array()) {
    for (const OrderedJson& each : *decision) {
      if (!each.is_string()) return NotAsOurs();
      label += (label.empty() ? "" : ",") + each.get<std::string>();
    }
  } else if (!decision->is_null()) {
    return NotAsOurs();
  }
  const auto out_of_scope = answer.find("out_of_scope");
  if (out_of_scope != answer.end() && *out_of_scope == true) label += "?";
  return AnswerLine(Printable(label), confidence->get<double>(), text);
}

std::optional<Explanation> ReadExplanation(const OrderedJson& json, std::string_view text) {
  if (!json.is_object()) return std::nullopt;
  const auto label = json.find("label");
  const auto words = json.find("words");
  const auto score = NumberOf(json, "score");
  const auto base = NumberOf(json, "base");
  const auto together = CountOf(json, "words_in_effect", 1);
  const auto unread = CountOf(json, "unread_words", 0);
  if (label == json.end() || !label->is_string() || words == json.end() || !words->is_array() || !score || !base ||
      !together || !unread) {
    return std::nullopt;
  }
  Explanation explanation = {.label = label->get<std::string>(),
                             .score = *score,
                             .base = *base,
                             .words_in_effect = *together,
                             .unread = *unread,
                             .words = {}};
  if (const auto method = json.find("method"); method != json.end()) explanation.exact = *method == "linear";
  // Places count code points there, and bytes here; they only grow.
  size_t at = 0, points = 0;
  const auto byte_at = [&](size_t point) {
    for (; points < point && at < text.size(); ++points) NextCodePoint(text, at);
    return at;
  };
  for (const OrderedJson& each : *words) {
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
