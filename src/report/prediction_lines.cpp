#include "report/prediction_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

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

/// A label with its probability, the label fit to be shown.
struct ShownScore {
  std::string label;
  double probability = 0;
};

/// The scores of a prediction, the most probable label first; empty if there are none.
std::vector<ShownScore> ScoresOf(const Json& prediction) {
  std::vector<ShownScore> shown;
  const Json* const scores = prediction.Find("scores");
  if (scores == nullptr || !scores->is_array()) return shown;
  for (const Json& each : *scores) {
    const Json* const score = each.Find("score");
    if (score == nullptr || !score->is_number()) continue;
    shown.push_back({ShownString(each, "label"), score->get<double>()});
  }
  return shown;
}

/// The labels of the decision, fit to be shown. Errors: kNetwork.
Result<std::vector<std::string>> ShownDecision(const Json& decision) {
  std::vector<std::string> labels;
  if (decision.is_array()) {
    for (const Json& each : decision) labels.push_back(Printable(TRY(DecidedLabel(each))));
  } else if (!decision.is_null()) {
    labels.push_back(Printable(TRY(DecidedLabel(decision))));
  }
  return labels;
}

/// The threshold, if the decision differs from what the probabilities alone would say: the most probable label, or all
/// labels of a multi-label model that are more probable than not.
std::string ThresholdNote(const Json& prediction, const std::vector<std::string>& decided,
                          const std::vector<ShownScore>& scores, double confidence) {
  const Json* const threshold = prediction.Find("threshold");
  const bool has_threshold = threshold != nullptr && threshold->is_number();
  if (scores.empty()) return "";
  const double value = has_threshold ? threshold->get<double>() : 0.5;
  const std::string& most_probable = scores.front().label;
  if (prediction["decision"].is_array()) {
    const bool expected = confidence >= 0.5 || !has_threshold;
    const std::string applied =
        expected ? ""
                 : fmt::format("threshold{} {:.3g} %", decided.size() > 1 ? " of " + most_probable : "", 100 * value);
    if (!decided.empty()) return expected ? "" : fmt::format("({})  ", applied);
    return fmt::format("(most probable label: {}, {:.1f} %{}{})  ", most_probable, 100 * scores.front().probability,
                       expected ? "" : "; ", applied);
  }
  const std::string label = decided.empty() ? "" : decided.front();
  if (!has_threshold || label.empty() || label == most_probable || value == 0.5) return "";
  if (value > 0.5) return fmt::format("(threshold of {} {:.3g} %)  ", most_probable, 100 * value);
  // Of more than two labels, the positive one needs this share of its own and the strongest rival's probability.
  const bool relative = confidence < value;
  return fmt::format("(threshold {:.3g} %{}{})  ", 100 * value, relative ? " against " : "",
                     relative ? most_probable : "");
}

/// "toxic 99.0 %, insult 97.4 %", the most probable label first; labels without a score come last.
std::string LabelsWithScores(const std::vector<std::string>& decided, const std::vector<ShownScore>& scores) {
  std::vector<std::string> parts;
  for (const ShownScore& score : scores) {
    if (std::ranges::find(decided, score.label) == decided.end()) continue;
    parts.push_back(fmt::format("{} {:.1f} %", score.label, 100 * score.probability));
  }
  for (const std::string& label : decided) {
    if (std::ranges::find(scores, label, &ShownScore::label) == scores.end()) parts.push_back(label);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The lines of the most probable labels, except those that the first line contains.
std::string NextLabels(const std::vector<std::string>& contained, const std::vector<ShownScore>& scores, size_t top_k) {
  std::string lines;
  const size_t count = top_k == 0 ? scores.size() : std::min(top_k, scores.size());
  for (size_t i = 0; i < count; ++i) {
    if (std::ranges::find(contained, scores[i].label) != contained.end()) continue;
    lines += fmt::format("  {:<10} {:6.1f} %\n", scores[i].label, 100 * scores[i].probability);
  }
  return lines;
}

}  // namespace

Result<std::string> PredictionLineOf(const Json& prediction, std::string_view text, std::optional<size_t> top_k) {
  const Json* const decision = prediction.Find("decision");
  const Json* const confidence = prediction.Find("confidence");
  if (decision == nullptr || confidence == nullptr || !confidence->is_number()) return NotAsOurs();
  std::vector<std::string> decided = TRY(ShownDecision(*decision));
  const std::vector<ShownScore> scores = ScoresOf(prediction);
  const auto share = confidence->get<double>();
  const Json* const out_of_scope = prediction.Find("out_of_scope");
  const Json* const abstained = prediction.Find("abstained");
  std::string line;
  if (out_of_scope != nullptr && *out_of_scope == true) {
    const std::string label = (decided.empty() ? "" : decided.front()) + "?";
    const std::string nearest = ShownString(prediction, "nearest_label");
    line = nearest.empty()
               ? fmt::format("{:<12} {:6.1f} %  ", label, 100 * share)
               : fmt::format("{:<12} {:>8}  (nearest label: {}, {:.1f} %)  ", label, "-", nearest, 100 * share);
    decided = {nearest};
  } else if (decided.size() > 1) {
    line = LabelsWithScores(decided, scores) + "  " + ThresholdNote(prediction, decided, scores, share);
  } else {
    line = fmt::format("{:<12} {:6.1f} %  {}", decided.empty() ? "(none)" : decided.front(), 100 * share,
                       ThresholdNote(prediction, decided, scores, share));
  }
  if (abstained != nullptr && *abstained == true) line += "(uncertain: review)  ";
  line += Printable(WithSeparators(text)) + "\n";
  return top_k ? line + NextLabels(decided, scores, *top_k) : line;
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
