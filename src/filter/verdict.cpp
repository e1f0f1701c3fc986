#include "filter/verdict.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_or_null.h"
#include "classify/prediction_json.h"
#include "decide/decide.h"

namespace winnow {

std::string_view SourceName(VerdictSource source) {
  switch (source) {
    case VerdictSource::kReputation:
      return "reputation";
    case VerdictSource::kRules:
      return "rules";
    case VerdictSource::kClassifier:
      return "classifier";
    case VerdictSource::kFallback:
      break;
  }
  return "fallback";
}

std::string_view OriginName(FilterMode::Origin origin) {
  switch (origin) {
    case FilterMode::Origin::kPreferences:
      return "preferences";
    case FilterMode::Origin::kRequest:
      return "request";
    case FilterMode::Origin::kDefault:
      break;
  }
  return "default";
}

namespace {

/// Scores are reasons for people: four decimals say enough.
double Rounded(double score) { return std::round(score * 1e4) / 1e4; }

}  // namespace

Json SymbolsJson(const std::vector<Symbol>& symbols) {
  Json list = Json::array();
  for (const Symbol& symbol : symbols) list.push_back({{"name", symbol.name}, {"score", Rounded(symbol.score)}});
  return list;
}

Json VerdictJson(const Verdict& verdict) {
  return {{"id", verdict.id},
          {"isSpam", verdict.is_spam},
          {"confidence", verdict.confidence()},
          {"score", verdict.score},
          {"modelVersion", OrNull(verdict.model_version)},
          {"source", SourceName(verdict.source)},
          {"symbols", SymbolsJson(verdict.symbols)},
          {"mode", verdict.mode.threshold ? Json() : Json(ModeName(verdict.mode.mode))},
          {"modeFrom", OriginName(verdict.mode.origin)},
          {"threshold", ShortestDecimal(static_cast<float>(verdict.threshold))}};
}

std::string VerdictText(const Verdict& verdict) {
  std::string text =
      fmt::format("{} {:.3f}  (score {:.3f}, threshold {:.2f}, decided by {})\n", verdict.is_spam ? "spam" : "ham ",
                  verdict.confidence(), verdict.score, verdict.threshold, SourceName(verdict.source));
  for (const Symbol& symbol : verdict.symbols) {
    text += fmt::format("  {:+7.2f}  {}", symbol.score, symbol.name);
    if (!symbol.description.empty()) text += fmt::format("  {}", symbol.description);
    text += '\n';
  }
  return text;
}

}  // namespace winnow
