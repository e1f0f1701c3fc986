/// What the filter says about a message, with its reasons.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "filter/rule_set.h"
#include "winnow/classifier.h"

namespace winnow {

/// The step that decided.
enum class VerdictSource {
  kReputation,  ///< a list of senders, or corrections of near-duplicates by people
  kRules,       ///< rules alone
  kClassifier,  ///< the model, together with what the steps before it found
  kFallback,    ///< rules and reputation, because the model failed
};

/// Returns "reputation", "rules", "classifier" or "fallback".
std::string_view SourceName(VerdictSource source);

/// The decision threshold of a message: that of a mode, or a number.
struct FilterMode {
  enum class Origin { kDefault, kPreferences, kRequest };

  Mode mode = Mode::kModerate;
  std::optional<float> threshold = {};  ///< in place of the threshold of the mode
  Origin origin = Origin::kDefault;     ///< who chose it

  friend bool operator==(const FilterMode&, const FilterMode&) = default;
};

/// Returns "default", "preferences" or "request".
std::string_view OriginName(FilterMode::Origin origin);

struct Verdict {
  std::string id;  ///< identifies the message in feedback and in the history
  bool is_spam = false;
  double score = 0;                          ///< probability of spam
  std::optional<std::string> model_version;  ///< version of the model that took part; nothing without a model
  std::string other_label;                   ///< most probable label besides the positive one; empty without a model
  VerdictSource source = VerdictSource::kClassifier;
  std::vector<Symbol> symbols;
  FilterMode mode;
  double threshold = 0.5;  ///< decision threshold that the score was compared with; not used by steps that decide early

  /// Returns the probability of what was decided.
  double confidence() const { return is_spam ? score : 1 - score; }
};

/// Returns {"id", "isSpam", "confidence", "score", "modelVersion", "source", "symbols", "mode", "modeFrom",
/// "threshold"}. "mode" is null for a threshold that was given as a number.
Json VerdictJson(const Verdict& verdict);

/// Returns [{"name", "score"}].
Json SymbolsJson(const std::vector<Symbol>& symbols);

/// Returns one line with the verdict and one indented line per symbol, for people.
std::string VerdictText(const Verdict& verdict);

}  // namespace winnow
