#include "server/rule_backtest.h"

#include <algorithm>
#include <map>
#include <set>

#include "feedback/feedback_log.h"
#include "feedback/feedback_state.h"
#include "filter/backtest.h"
#include "filter/message_truth.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPerPage = 1000;
constexpr size_t kExamples = 5;
constexpr size_t kExampleCharacters = 300;

/// Adds the texts that people have labelled and that are not among the messages `seen`. Each text counts once, as the
/// last word about it says. Returns their number.
Result<size_t> AddLabelledTexts(Store& store, const RuleSet& rules, const std::string& name,
                                const std::set<std::string>& seen, Clock::time_point deadline, WatchedRule& watched) {
  std::map<std::string, FeedbackState> texts;
  for (FeedbackState& state : CurrentFeedback(TRY(ReadAllFeedback(store)))) {
    if (state.label != "spam" && state.label != "ham") continue;
    if (state.origin != FeedbackOrigin::kPerson && state.origin != FeedbackOrigin::kAdmin) continue;
    if (state.message_id && seen.contains(*state.message_id)) continue;
    const auto [known, added] = texts.emplace(state.message, state);
    if (!added && known->second.at < state.at) known->second = std::move(state);
  }
  size_t count = 0;
  for (const auto& [digest, state] : texts) {
    if (Clock::now() >= deadline) break;
    ++count;
    FilterMessage message;
    message.text = state.text;
    const RuleResult result = rules.Evaluate(message);
    if (std::ranges::find(result.symbols, name, &Symbol::name) == result.symbols.end()) continue;
    ++watched.hits;
    const bool spam = state.label == "spam";
    ++(spam ? watched.spam : watched.ham);
    ++(spam ? watched.known.spam : watched.known.ham);
    if (watched.examples.size() < kExamples) watched.examples.push_back(state.text);
  }
  return count;
}

}  // namespace

Result<bool> ForNewestMessages(
    Store& store, const HistoryBudget& budget,
    const std::function<void(const MessageRecord& message, std::optional<bool> truth)>& take) {
  const Clock::time_point deadline = Clock::now() + budget.time;
  const MessageTruth truth = TRY(MessageTruth::Read(store));
  MessageFilter filter;
  for (size_t left = budget.messages; left > 0;) {
    filter.limit = static_cast<int>(std::min<size_t>(left, kPerPage));
    const std::vector<StoredMessage> page = TRY(store.ListMessages(filter));
    for (const StoredMessage& stored : page) {
      if (Clock::now() >= deadline) return false;
      take(stored.message, truth.Of(stored.message));
    }
    if (page.size() < static_cast<size_t>(filter.limit)) return true;
    left -= page.size();
    filter.before_id = page.back().id;
  }
  filter.limit = 1;
  return TRY(store.ListMessages(filter)).empty();
}

Result<Json> BacktestRule(Store& store, const RuleSet& draft, const RuleSet& current, const EvidenceWeights& weights,
                          const std::string& name, const HistoryBudget& budget) {
  const Clock::time_point deadline = Clock::now() + budget.time;
  Backtest backtest(draft, current, {.weights = weights, .examples = kExamples, .watched = name});
  std::set<std::string> seen;
  const bool complete =
      TRY(ForNewestMessages(store, budget, [&](const MessageRecord& message, std::optional<bool> truth) {
        backtest.Add(message, truth);
        seen.insert(message.message_id);
      }));
  WatchedRule watched = backtest.watched();
  const size_t labelled = TRY(AddLabelledTexts(store, draft, name, seen, deadline, watched));
  Json examples = Json::array();
  for (const std::string& text : watched.examples)
    examples.push_back(std::string(FirstCodePoints(text, kExampleCharacters)));
  return Json{{"messages", backtest.messages() + labelled},
              {"hits", watched.hits},
              {"spam", watched.spam},
              {"ham", watched.ham},
              {"known_spam", watched.known.spam},
              {"known_ham", watched.known.ham},
              {"to_spam", backtest.to_spam()},
              {"to_ham", backtest.to_ham()},
              {"mended", backtest.mended()},
              {"broken", backtest.broken()},
              {"open", backtest.open()},
              {"examples", std::move(examples)},
              {"complete", complete}};
}

Result<Json> CountRuleHits(Store& store, const HistoryBudget& budget) {
  RuleHistory history;
  std::optional<StoreTime> since;
  const bool complete =
      TRY(ForNewestMessages(store, budget, [&](const MessageRecord& message, std::optional<bool> truth) {
        history.Add(message, truth);
        since = message.created_at;
      }));
  Json json = history.ToJson();
  json["complete"] = complete;
  json["since"] = since ? Json(TimeText(*since)) : Json();
  return json;
}

}  // namespace winnow
