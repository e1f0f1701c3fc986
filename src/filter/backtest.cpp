#include "filter/backtest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json_or_null.h"
#include "base/log.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr auto kOtherSymbols =
    std::to_array<std::string_view>({"SENDER_ALLOWED", "SENDER_DENIED", "SENDER_USER", "SENDER_ALL", "MEMORY_SPAM",
                                     "MEMORY_HAM", "CLASSIFIER", "EMPTY_MESSAGE"});
constexpr size_t kShownBytes = 100;

std::vector<Symbol> SymbolsOf(const MessageRecord& message) {
  std::vector<Symbol> symbols;
  const Result<Json> json = ParseJson(message.symbols, "symbols");
  if (!json || !json->is_array()) return symbols;
  for (const Json& symbol : *json) {
    const Json* const name = symbol.Find("name");
    const Json* const score = symbol.Find("score");
    if (name == nullptr || !name->is_string()) continue;
    symbols.push_back({name->str(), score != nullptr && score->is_number() ? score->get<double>() : 0, {}});
  }
  return symbols;
}

bool IsOfRule(const Symbol& symbol) { return std::ranges::find(kOtherSymbols, symbol.name) == kOtherSymbols.end(); }

FilterMessage MessageOf(const MessageRecord& record) {
  FilterMessage message;
  message.text = record.text;
  message.sender = record.sender.value_or("");
  message.user = record.user_id.value_or("");
  return message;
}

/// Returns true for rules about what the history does not keep: it has the text, the sender's address and the user.
bool LooksBeyondHistory(const Rule& rule) {
  using Kind = FieldName::Kind;
  const auto kept = [](Kind kind) {
    return kind == Kind::kText || kind == Kind::kUser || kind == Kind::kSender || kind == Kind::kSenderDomain;
  };
  return !kept(rule.field.kind) || (rule.exists && !kept(rule.exists->kind)) || rule.min_links || rule.max_links;
}

/// Counts what people know about a message that a rule has hit.
void CountKnown(std::optional<bool> truth, RuleCounts& counts) {
  if (truth) ++(*truth ? counts.spam : counts.ham);
}

std::string PrecisionText(const RuleCounts& known) {
  const std::optional<double> precision = known.precision();
  return precision ? fmt::format("{:.4f} of {}", *precision, known.hits()) : "-";
}

Json PrecisionJson(const RuleCounts& known) {
  const std::optional<double> precision = known.precision();
  return OrNull(precision);
}

std::string Shortened(const std::string& text) {
  std::string shown = Printable(text);
  if (shown.size() <= kShownBytes) return shown;
  return std::string(FirstBytes(shown, kShownBytes)) + "...";
}

/// Returns true if two scores are equal but for rounding: symbols are stored with rounded scores.
bool SameScore(double a, double b) { return std::abs(a - b) < 1e-3; }

/// What differs between the symbols of rules: names with a sign; a rule of another score has both.
std::vector<std::string> Differences(const std::vector<Symbol>& before, const std::vector<Symbol>& after) {
  std::vector<std::string> differences;
  const auto without = [&](const std::vector<Symbol>& from, const std::vector<Symbol>& others, char sign) {
    for (const Symbol& symbol : from) {
      const bool common = std::ranges::any_of(others, [&](const Symbol& other) {
        return other.name == symbol.name && SameScore(other.score, symbol.score);
      });
      if (!common) differences.push_back(sign + symbol.name);
    }
  };
  without(before, after, '-');
  without(after, before, '+');
  return differences;
}

bool Reaches(double score, double threshold) { return static_cast<float>(score) >= static_cast<float>(threshold); }

}  // namespace

std::vector<Symbol> RuleSymbolsOf(const MessageRecord& message) {
  std::vector<Symbol> symbols = SymbolsOf(message);
  std::erase_if(symbols, [](const Symbol& symbol) { return !IsOfRule(symbol); });
  return symbols;
}

void RuleHistory::Add(const MessageRecord& message, std::optional<bool> truth) {
  ++messages_;
  known_ += truth ? 1 : 0;
  for (const Symbol& symbol : RuleSymbolsOf(message)) {
    Counts& counts = rules_[symbol.name];
    counts.score = counts.known.score = symbol.score;
    ++counts.hits;
    counts.judged_spam += message.is_spam ? 1 : 0;
    CountKnown(truth, counts.known);
  }
}

std::string RuleHistory::Text() const {
  size_t width = 4;
  for (const auto& [name, counts] : rules_) width = std::max(width, name.size());
  std::string text =
      fmt::format("{:<{}}  {:>6}  {:>7}  {:>11}  {:>16}\n", "rule", width, "score", "hits", "judged spam", "precision");
  for (const auto& [name, counts] : rules_) {
    text += fmt::format("{:<{}}  {:>6.2f}  {:>7}  {:>10.2f} %  {:>15}\n", name, width, counts.score, counts.hits,
                        100.0 * static_cast<double>(counts.judged_spam) / static_cast<double>(counts.hits),
                        PrecisionText(counts.known));
  }
  return text + fmt::format("{} messages; people know what {} of them are\n", messages_, known_);
}

Json RuleHistory::ToJson() const {
  Json rules = Json::array();
  for (const auto& [name, counts] : rules_) {
    rules.push_back({{"name", name},
                     {"score", counts.score},
                     {"hits", counts.hits},
                     {"judged_spam", counts.judged_spam},
                     {"known_spam", counts.known.spam},
                     {"known_ham", counts.known.ham},
                     {"precision", PrecisionJson(counts.known)}});
  }
  return {{"messages", messages_}, {"known", known_}, {"rules", rules}};
}

std::vector<std::string> Backtest::HiddenRules(const MessageRecord& message, const FilterMessage& text) const {
  const std::vector<Symbol> stored = RuleSymbolsOf(message);
  std::vector<size_t> candidates;
  for (size_t rule = 0; rule < current_.rules().size(); ++rule) {
    if (!message.redacted && !LooksBeyondHistory(current_.rules()[rule])) continue;
    if (std::ranges::find(stored, current_.rules()[rule].name, &Symbol::name) != stored.end())
      candidates.push_back(rule);
  }
  std::vector<std::string> hidden;
  if (candidates.empty()) return hidden;
  std::vector<bool> holding;
  current_.Evaluate(text, &holding);
  for (const size_t rule : candidates) {
    if (!holding[rule]) hidden.push_back(current_.rules()[rule].name);
  }
  return hidden;
}

Backtest::Decision Backtest::Decide(const MessageRecord& message, const RuleResult& result) const {
  if (message.source == "reputation") return {message.is_spam, message.score};
  const std::vector<Symbol> symbols = SymbolsOf(message);
  const auto find = [&](std::string_view name) -> const Symbol* {
    const auto found = std::ranges::find(symbols, name, &Symbol::name);
    return found == symbols.end() ? nullptr : &*found;
  };
  Evidence evidence{.rules = result.score};
  for (const std::string_view name : {"SENDER_USER", "SENDER_ALL"}) {
    if (const Symbol* const symbol = find(name)) evidence.reputation += symbol->score;
  }
  EvidenceWeights weights = options_.weights;
  if (result.action != RuleAction::kNone) {  // as SpamFilter::Begin has rules decide
    weights.unknown = 0;
    const bool spam = result.action == RuleAction::kSpam;
    const double score = CombinedScore(weights, evidence, std::nullopt);
    return {spam, spam ? std::max(score, 0.5) : std::min(score, 0.5)};
  }
  const double threshold = message.threshold.value_or(0.5);
  std::optional<double> model;
  if (const Symbol* const classifier = find("CLASSIFIER")) {
    model = ProbabilityOf(classifier->score);
  } else if (message.source != "fallback" && find("EMPTY_MESSAGE") == nullptr) {
    return {};
  }
  const double score = CombinedScore(weights, evidence, model);
  return {Reaches(score, threshold), score};
}

void Backtest::Add(const MessageRecord& message, std::optional<bool> truth) {
  ++messages_;
  redacted_ += message.redacted ? 1 : 0;
  known_ += truth ? 1 : 0;
  const FilterMessage text = MessageOf(message);
  const RuleResult result = rules_.Evaluate(text, nullptr, HiddenRules(message, text));
  for (const Symbol& symbol : result.symbols) {
    Counts& counts = counts_[symbol.name];
    ++counts.hits;
    counts.known.score = symbol.score;
    CountKnown(truth, counts.known);
  }
  Watch(message, result, truth);
  const RuleActions &now = rules_.actions(), &then = current_.actions();
  const bool same = Differences(RuleSymbolsOf(message), result.symbols).empty();
  // The same symbols give the same verdict, apart from the rounding of what is stored.
  if (same && now.spam == then.spam && now.ham == then.ham) return;
  const Decision decision = Decide(message, result);
  if (!decision.is_spam) {
    ++open_;
  } else if (*decision.is_spam != message.is_spam) {
    NoteChange(message, result, decision, truth);
  }
}

void Backtest::Watch(const MessageRecord& message, const RuleResult& result, std::optional<bool> truth) {
  if (options_.watched.empty()) return;
  if (std::ranges::find(result.symbols, options_.watched, &Symbol::name) == result.symbols.end()) return;
  ++watched_.hits;
  ++(truth.value_or(message.is_spam) ? watched_.spam : watched_.ham);
  CountKnown(truth, watched_.known);
  if (watched_.examples.size() < options_.examples) watched_.examples.push_back(message.text);
}

void Backtest::NoteChange(const MessageRecord& message, const RuleResult& result, const Decision& decision,
                          std::optional<bool> truth) {
  ++(*decision.is_spam ? to_spam_ : to_ham_);
  if (truth) ++(*truth == *decision.is_spam ? mended_ : broken_);
  Example example{.id = message.message_id,
                  .text = message.text,
                  .was_spam = message.is_spam,
                  .score = decision.score,
                  .causes = Differences(RuleSymbolsOf(message), result.symbols)};
  std::vector<std::string> names;
  for (const std::string& cause : example.causes) names.push_back(cause.substr(1));
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  for (const std::string& name : names) ++counts_[name].changes;
  if (examples_.size() < options_.examples) examples_.push_back(std::move(example));
}

std::string Backtest::Text() const {
  std::string text =
      fmt::format("{} messages: {} would become spam, {} would become ham, {} would be left to the model\n", messages_,
                  to_spam_, to_ham_, open_);
  text += fmt::format("people know what {} of them are: of the changes, {} mend an error and {} make one\n", known_,
                      mended_, broken_);
  if (redacted_ > 0) text += fmt::format("{} messages are redacted\n", redacted_);
  size_t width = 4;
  for (const auto& [name, counts] : counts_) width = std::max(width, name.size());
  text += fmt::format("{:<{}}  {:>7}  {:>7}  {:>16}\n", "rule", width, "hits", "changes", "precision");
  for (const auto& [name, counts] : counts_)
    text += fmt::format("{:<{}}  {:>7}  {:>7}  {:>16}\n", name, width, counts.hits, counts.changes,
                        PrecisionText(counts.known));
  for (const Example& example : examples_) {
    text += fmt::format("{}: {} -> {}, {}: {}\n", example.id, example.was_spam ? "spam" : "ham",
                        example.was_spam ? "ham" : "spam", fmt::join(example.causes, " "), Shortened(example.text));
  }
  return text;
}

Json Backtest::ToJson() const {
  Json rules = Json::array(), examples = Json::array();
  for (const auto& [name, counts] : counts_) {
    rules.push_back({{"name", name},
                     {"hits", counts.hits},
                     {"changes", counts.changes},
                     {"known_spam", counts.known.spam},
                     {"known_ham", counts.known.ham},
                     {"precision", PrecisionJson(counts.known)}});
  }
  for (const Example& example : examples_) {
    examples.push_back({{"id", example.id},
                        {"text", example.text},
                        {"was", example.was_spam ? "spam" : "ham"},
                        {"becomes", example.was_spam ? "ham" : "spam"},
                        {"score", OrNull(example.score)},
                        {"causes", example.causes}});
  }
  return {{"messages", messages_}, {"redacted", redacted_}, {"known", known_},   {"to_spam", to_spam_},
          {"to_ham", to_ham_},     {"open", open_},         {"mended", mended_}, {"broken", broken_},
          {"rules", rules},        {"examples", examples}};
}

}  // namespace winnow
