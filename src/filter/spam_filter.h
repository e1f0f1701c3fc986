/// The filter: one verdict from the reputation of the sender, rules, the campaign memory and the classifier. A list of
/// senders precedes a correction, a correction precedes the thresholds of the rules, and these precede the classifier.
///
/// The classifier is not called here, since a server puts a queue in front of it and a command classifies in batches:
///
///     FilterProgress progress = filter.Begin(message, state, mode);
///     if (progress.decided) return *progress.decided;
///     ... the model's probability ...
///     return filter.Decide(std::move(progress), answer);       // or FallBack, if the model failed
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "feedback/campaign_memory.h"
#include "filter/evidence.h"
#include "filter/known_state.h"
#include "filter/message.h"
#include "filter/rule_set.h"
#include "filter/verdict.h"
#include "text/input_text.h"
#include "text/text_template.h"

namespace winnow {

struct FilterOptions {
  StatedWeights weights = {};  ///< precede those of the file of rules
  FilterMode mode = {};        ///< for messages to users without preferences
};

/// A message on its way through the steps.
struct FilterProgress {
  std::optional<Verdict> decided;  ///< the verdict, if a step before the classifier decided
  Verdict verdict;                 ///< the verdict so far
  Evidence evidence;
  EvidenceWeights weights;
  ClassifyOptions options() const { return {.mode = verdict.mode.mode, .threshold = verdict.mode.threshold}; }
};

/// What the model says.
struct ModelAnswer {
  double probability = 0;  ///< probability of spam
  double threshold = 0.5;  ///< decision threshold of the model in the mode of the message
  std::string version;
  std::string other_label = {};  ///< most probable label besides the positive one
};

/// Thread-safe.
class SpamFilter {
 public:
  /// `rules` may be null: no rules; `memory` too: no corrections are known.
  SpamFilter(const FilterOptions& options, RuleSet::Pointer rules,
             std::shared_ptr<const CampaignMemory> memory = nullptr);

  /// Replaces the rules; messages that have begun keep theirs.
  void SetRules(RuleSet::Pointer rules);
  RuleSet::Pointer rules() const;
  const FilterOptions& options() const { return options_; }

  /// Runs the steps before the classifier. What people have said about a near-duplicate precedes what rules decide.
  /// `requested` is the mode that the request names, if it names one; it precedes
  /// the user's preferences, which precede the default. A message without any visible character is decided here, since
  /// there is nothing to classify.
  FilterProgress Begin(const FilterMessage& message, const KnownState& state,
                       const std::optional<FilterMode>& requested = {}) const;
  /// Returns the verdict of all steps.
  Verdict Decide(FilterProgress progress, const ModelAnswer& answer) const;
  /// Returns the verdict without the model.
  Verdict FallBack(FilterProgress progress) const;

 private:
  const FilterOptions options_;
  const std::shared_ptr<const CampaignMemory> memory_;
  mutable Mutex mutex_;
  RuleSet::Pointer rules_ GUARDED_BY(mutex_);
};

/// Returns the mode that preferences stand for; nothing if they are not valid.
std::optional<FilterMode> ModeOf(const Preferences& preferences);

/// Returns the text for a model: what its template makes of the fields of the message, or the text of a message without
/// a template. The subject, a line end and the body are the text of a message that has no text of its own, and the text
/// is the body of one that has no body.
InputText TextForModel(const FilterMessage& message, const TextTemplate* model_template);

/// Returns a random id for a message.
std::string NewMessageId();

}  // namespace winnow
