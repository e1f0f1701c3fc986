#include "report/prediction_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "text/segments.h"

namespace winnow {
namespace {

std::unexpected<Error> NotAsOurs() {
  return Fail(ErrorCode::kNetwork, "the response is not in the format of winnow serve",
              "the server may run a different version; compare 'winnow version'");
}

/// The member that is a string, fit to be shown; or empty.
std::string ShownString(const Json& object, std::string_view name) {
  const Json* const found = object.Find(name);
  return found != nullptr && found->is_string() ? Printable(found->str()) : "";
}

/// A field of RFC 4180: quoted if it contains a delimiter, a quote or a line end.
std::string Quoted(std::string_view field, char delimiter) {
  if (field.find_first_of(std::string("\"\r\n") + delimiter) == std::string_view::npos) return std::string(field);
  std::string quoted = "\"";
  for (const char c : field) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

/// The text with [SEP] between its segments.
std::string WithSeparators(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (c == kSegmentSeparator) {
      shown += " [SEP] ";
    } else {
      shown += c;
    }
  }
  return shown;
}

/// The decided label, or the decided labels, as they are. Errors: kNetwork.
Result<std::string> DecidedLabel(const Json& decision) {
  std::string label;
  if (decision.is_string()) {
    label = decision.get<std::string>();
  } else if (decision.is_array()) {
    for (const Json& each : decision) {
      if (!each.is_string()) return NotAsOurs();
      label += (label.empty() ? "" : ",") + each.get<std::string>();
    }
  } else if (!decision.is_null()) {
    return NotAsOurs();
  }
  return label;
}

/// The threshold, if the decision differs from what the probabilities alone would say: the most probable label, or all
/// labels of a multi-label model that are more probable than not.
std::string ThresholdNote(const Json& prediction, std::string_view label, double confidence) {
  const Json* const threshold = prediction.Find("threshold");
  const Json* const scores = prediction.Find("scores");
  if (threshold == nullptr || !threshold->is_number() || scores == nullptr || !scores->is_array() || scores->empty()) {
    return "";
  }
  const auto value = threshold->get<double>();
  const std::string most_probable = ShownString(scores->front(), "label");
  const bool multi_label = prediction["decision"].is_array();
  const bool expected = multi_label ? confidence >= 0.5 : label.empty() || label == most_probable || value == 0.5;
  if (expected) return "";
  if (label.empty() || value > 0.5) return fmt::format("(threshold of {} {:.3g} %)  ", most_probable, 100 * value);
  // Of more than two labels, the positive one needs this share of its own and the strongest rival's probability.
  const bool relative = !multi_label && confidence < value;
  return fmt::format("(threshold {:.3g} %{}{})  ", 100 * value, relative ? " against " : "",
                     relative ? most_probable : "");
}

}  // namespace

Result<std::string> PredictionLineOf(const Json& prediction, std::string_view text) {
  const Json* const decision = prediction.Find("decision");
  const Json* const confidence = prediction.Find("confidence");
  if (decision == nullptr || confidence == nullptr || !confidence->is_number()) return NotAsOurs();
  std::string label = Printable(TRY(DecidedLabel(*decision)));
  const std::string shown = Printable(WithSeparators(text));
  const auto share = confidence->get<double>();
  const Json* const out_of_scope = prediction.Find("out_of_scope");
  if (out_of_scope != nullptr && *out_of_scope == true) {
    label += "?";
    if (const std::string nearest = ShownString(prediction, "nearest_label"); !nearest.empty()) {
      return fmt::format("{:<12} {:>8}  (nearest label: {}, {:.1f} %)  {}\n", label, "-", nearest, 100 * share, shown);
    }
    return fmt::format("{:<12} {:6.1f} %  {}\n", label, 100 * share, shown);
  }
  const std::string note = ThresholdNote(prediction, label, share);
  return fmt::format("{:<12} {:6.1f} %  {}{}\n", label.empty() ? "(none)" : label, 100 * share, note, shown);
}

std::string PredictionTableHeader(char delimiter) {
  return fmt::format(
      "{}\n", fmt::join({"row", "label", "confidence", "score", "abstained", "text"}, std::string_view(&delimiter, 1)));
}

Result<std::string> PredictionTableRow(const Json& prediction, std::string_view text, size_t row, char delimiter) {
  const auto number = [&](const char* key) -> std::string {
    const Json* const value = prediction.Find(key);
    return value != nullptr && value->is_number() ? fmt::format("{}", value->get<float>()) : "";
  };
  const Json* const decision = prediction.Find("decision");
  if (decision == nullptr) return NotAsOurs();
  const Json* const abstained = prediction.Find("abstained");
  const std::string cells[] = {row == 0 ? "" : std::to_string(row),
                               TRY(DecidedLabel(*decision)),
                               number("confidence"),
                               number("score"),
                               abstained != nullptr && *abstained == true ? "true" : "false",
                               WithSeparators(text)};
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != cells) line += delimiter;
    line += Quoted(cell, delimiter);
  }
  return line + "\n";
}

}  // namespace winnow
