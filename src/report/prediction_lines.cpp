#include "report/prediction_lines.h"

#include <fmt/format.h>

#include "base/log.h"

namespace winnow {
namespace {

std::unexpected<Error> NotAsOurs() {
  return Fail(ErrorCode::kNetwork, "the response is not in the format of winnow serve",
              "the server may run a different version; compare 'winnow version'");
}

}  // namespace

std::string PredictionLine(std::string_view label, double confidence, std::string_view text) {
  return fmt::format("{:<12} {:6.1f} %  {}\n", label.empty() ? "(none)" : label, 100 * confidence, Printable(text));
}

Result<std::string> PredictionLineOf(const Json& prediction, std::string_view text) {
  const Json* const decision = prediction.Find("decision");
  const Json* const confidence = prediction.Find("confidence");
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
  const Json* const out_of_scope = prediction.Find("out_of_scope");
  if (out_of_scope != nullptr && *out_of_scope == true) label += "?";
  return PredictionLine(Printable(label), confidence->get<double>(), text);
}

}  // namespace winnow
