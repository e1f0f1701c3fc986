#include "filter/spam_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <span>

#include "base/sip_hash.h"
#include "decide/decide.h"
#include "mail/mail_fields.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// Log-odds that the score of a verdict has if people have settled it: by a list of senders, or by corrections.
constexpr double kSettledLogOdds = 6;

double ThresholdOf(const FilterMode& mode) {
  return mode.threshold ? double{*mode.threshold} : double{ModeThresholds().At(mode.mode)};
}

FilterMode ChosenMode(const FilterOptions& options, const KnownState& state,
                      const std::optional<FilterMode>& requested) {
  if (requested) return *requested;
  if (state.preferences) {
    if (std::optional<FilterMode> mode = ModeOf(*state.preferences)) return *mode;
  }
  return options.mode;
}

/// Settles the verdict by what a step has found.
void Settle(Verdict& verdict, VerdictSource source, double score, bool is_spam) {
  verdict.source = source;
  verdict.score = score;
  verdict.is_spam = is_spam;
}

/// Divides log-odds among the symbols that they come from, in proportion to their scores. No point of a score stands
/// for more than `weight`, so if the bounds of a group have changed the sum of the scores, a part belongs to no symbol.
void Share(std::span<Symbol> symbols, double log_odds, double weight) {
  double sum = 0;
  for (const Symbol& symbol : symbols) sum += symbol.score;
  if (sum == 0 || weight <= 0) return;
  const double each = std::clamp(log_odds / sum, 0.0, weight);
  for (Symbol& symbol : symbols) symbol.log_odds = symbol.score * each;
}

/// Adds the symbol of what people have settled, which is all that counts then.
void AddSettled(std::string name, bool is_spam, std::string description, Verdict& verdict) {
  const double log_odds = is_spam ? kSettledLogOdds : -kSettledLogOdds;
  for (Symbol& symbol : verdict.symbols) symbol.log_odds = 0;
  verdict.symbols.push_back({std::move(name), log_odds, std::move(description), log_odds});
  Settle(verdict, VerdictSource::kReputation, ProbabilityOf(log_odds), is_spam);
}

void AddReputation(const EvidenceWeights& weights, const SenderReputation& sender, FilterProgress& progress) {
  Verdict& verdict = progress.verdict;
  progress.evidence.reputation = sender.score();
  if (sender.user_score != 0) verdict.symbols.push_back({"SENDER_USER", sender.user_score, "the user's feedback"});
  if (sender.common_score != 0)
    verdict.symbols.push_back({"SENDER_ALL", sender.common_score, "feedback for all users"});
  Share(verdict.symbols, ReputationLogOdds(weights, progress.evidence), weights.reputation);
  if (sender.list == SenderReputation::List::kNone) return;
  const bool denied = sender.list == SenderReputation::List::kDenied;
  AddSettled(denied ? "SENDER_DENIED" : "SENDER_ALLOWED", denied,
             sender.by_user ? "the sender is on the user's list" : "the sender is on the list for all users", verdict);
  std::ranges::rotate(verdict.symbols, std::prev(verdict.symbols.end()));  // the reason comes first
  progress.decided = verdict;
}

void AddCorrection(const CampaignHit& hit, FilterProgress& progress) {
  AddSettled(std::string(hit.symbol()), hit.is_spam,
             hit.own ? "the user has corrected a near-duplicate" : "people have corrected near-duplicates",
             progress.verdict);
  progress.decided = progress.verdict;
}

/// Returns true if people see nothing in the message.
bool IsEmpty(const FilterMessage& message) {
  return IsBlank(message.text) && IsBlank(message.subject) && IsBlank(message.body);
}

}  // namespace

SpamFilter::SpamFilter(const FilterOptions& options, RuleSet::Pointer rules,
                       std::shared_ptr<const CampaignMemory> memory)
    : options_(options), memory_(std::move(memory)), rules_(std::move(rules)) {}

void SpamFilter::SetRules(RuleSet::Pointer rules) {
  const MutexLock lock(mutex_);
  rules_ = std::move(rules);
}

RuleSet::Pointer SpamFilter::rules() const {
  const MutexLock lock(mutex_);
  return rules_;
}

FilterProgress SpamFilter::Begin(const FilterMessage& message, const KnownState& state,
                                 const std::optional<FilterMode>& requested) const {
  FilterProgress progress;
  Verdict& verdict = progress.verdict;
  verdict.id = NewMessageId();
  verdict.mode = ChosenMode(options_, state, requested);
  verdict.threshold = ThresholdOf(verdict.mode);
  const RuleSet::Pointer rules = this->rules();
  progress.weights = EffectiveWeights(options_.weights, rules == nullptr ? StatedWeights() : rules->weights());
  SenderReputation sender = state.sender;
  // One of several authors cannot speak for the others, and what authenticates senders looks at one of them.
  if (message.several_authors && sender.list == SenderReputation::List::kAllowed)
    sender.list = SenderReputation::List::kNone;
  AddReputation(progress.weights, sender, progress);
  if (progress.decided) return progress;
  RuleAction action = RuleAction::kNone;
  if (rules != nullptr) {
    RuleResult result = rules->Evaluate(message);
    progress.evidence.rules = result.score;
    action = result.action;
    Share(result.symbols, RulesLogOdds(progress.weights, progress.evidence), progress.weights.rules);
    std::ranges::move(result.symbols, std::back_inserter(verdict.symbols));
  }
  if (memory_ != nullptr) {
    if (const auto hit = memory_->Find(TextForModel(message, nullptr).joined(), message.user)) {
      AddCorrection(*hit, progress);
      return progress;
    }
  }
  if (action != RuleAction::kNone) {
    // The thresholds of the rules take the place of what unknown messages usually are, and so of weights.unknown.
    // Whoever writes the rules decides; the score must not contradict the decision.
    EvidenceWeights weights = progress.weights;
    weights.unknown = 0;
    const double score = CombinedScore(weights, progress.evidence, std::nullopt);
    const bool spam = action == RuleAction::kSpam;
    Settle(verdict, VerdictSource::kRules, spam ? std::max(score, 0.5) : std::min(score, 0.5), spam);
    progress.decided = verdict;
  } else if (IsEmpty(message)) {
    const double score = CombinedScore(progress.weights, progress.evidence, std::nullopt);
    verdict.symbols.push_back({"EMPTY_MESSAGE", 0, "nothing to classify"});
    Settle(verdict, VerdictSource::kRules, score, score >= verdict.threshold);
    progress.decided = verdict;
  }
  return progress;
}

Verdict SpamFilter::Decide(FilterProgress progress, const ModelAnswer& answer) const {
  Verdict& verdict = progress.verdict;
  verdict.model_version = answer.version;
  verdict.threshold = answer.threshold;
  verdict.other_label = answer.other_label;
  const double log_odds = LogOdds(answer.probability);
  verdict.symbols.push_back({"CLASSIFIER", log_odds, "the model's log-odds of spam",
                             progress.weights.intercept + progress.weights.classifier * log_odds});
  const double score = CombinedScore(progress.weights, progress.evidence, answer.probability);
  // As float, in which thresholds are compared everywhere: 0.7F reaches 0.7.
  Settle(verdict, VerdictSource::kClassifier, score, static_cast<float>(score) >= static_cast<float>(answer.threshold));
  return std::move(verdict);
}

Verdict SpamFilter::FallBack(FilterProgress progress) const {
  Verdict& verdict = progress.verdict;
  const double score = CombinedScore(progress.weights, progress.evidence, std::nullopt);
  Settle(verdict, VerdictSource::kFallback, score, static_cast<float>(score) >= static_cast<float>(verdict.threshold));
  return std::move(verdict);
}

std::optional<FilterMode> ModeOf(const Preferences& preferences) {
  FilterMode mode{.origin = FilterMode::Origin::kPreferences};
  if (preferences.threshold) {
    const auto threshold = static_cast<float>(*preferences.threshold);
    const bool valid = threshold > 0 && threshold < 1;
    if (!valid) return std::nullopt;
    mode.threshold = threshold;
    return mode;
  }
  if (!preferences.mode) return std::nullopt;
  const Result<Mode> parsed = ParseMode(*preferences.mode);
  if (!parsed) return std::nullopt;
  mode.mode = *parsed;
  return mode;
}

InputText TextForModel(const FilterMessage& message, const TextTemplate* model_template) {
  std::string text =
      WithoutSeparators(IsBlank(message.text) ? SubjectAndBody(message.subject, message.body) : message.text);
  if (model_template == nullptr) return InputText(std::move(text));
  const MailParties& parties = message.parties;
  const bool plain = IsBlank(message.body) && IsBlank(message.subject);
  std::string joined;
  model_template->Render(
      [&](std::string_view name) -> std::string_view {
        if (name == "subject") return message.subject;
        if (name == "body") return plain ? std::string_view(text) : std::string_view(message.body);
        if (name == "from") return parties.from.empty() ? message.sender : parties.from;
        if (name == "sender") return parties.sender.empty() ? message.sender : parties.sender;
        if (name == "to") return parties.to.empty() ? message.recipient : parties.to;
        return name == "text" ? std::string_view(text) : std::string_view();
      },
      joined);
  // A template whose fields the message has none of: the text is better than nothing.
  if (IsBlank(joined)) return InputText(std::move(text));
  return InputText::OfJoined(std::move(joined));
}

std::string NewMessageId() {
  // Hashes of a counter with a random key: as unpredictable as random numbers of the system, which can take 4 us each.
  static const SipKey key = SipKey::Random();
  static std::atomic<uint64_t> counter = 0;
  const uint64_t number = 2 * counter.fetch_add(1, std::memory_order_relaxed);
  const auto hash = [](uint64_t word) {
    SipHasher hasher(key);
    hasher.Word(word);
    return hasher.Finish();
  };
  return fmt::format("{:016x}{:016x}", hash(number), hash(number + 1));
}

}  // namespace winnow
