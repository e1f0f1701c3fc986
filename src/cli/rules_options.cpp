#include "cli/rules_options.h"

#include <fmt/format.h>

#include <charconv>

#include "base/interrupt.h"
#include "cli/feedback_options.h"
#include "filter/message_truth.h"

namespace winnow {

Result<RulesArguments> ReadRulesArgument(const std::vector<std::string>& arguments) {
  if (arguments.empty() || !arguments[0].ends_with(".toml"))
    return RulesArguments{TRY(RuleSet::LoadBuiltIn()), arguments};
  return RulesArguments{TRY(RuleSet::Load(arguments[0])), {arguments.begin() + 1, arguments.end()}};
}

void AddHistoryRangeOptions(HistoryRangeOptions& options, OptionTable& table, bool store_required) {
  Option& store = table
                      .Add("store", &options.store,
                           "Store whose history is read: sqlite:FILE, sqlite:///absolute/FILE, or "
                           "postgres://user:password@host/database")
                      .ValueName("URL");
  if (store_required) store.Required();
  table.Add("since", &options.since, "Messages of the last 7d, 12h or 30m, or at or after a time in UTC")
      .ValueName("TIME")
      .Default("all");
  table.Add("until", &options.until, "Messages before this time: 7d, 12h or 30m ago, or a time in UTC")
      .ValueName("TIME")
      .Default("now");
}

Result<std::optional<StoreTime>> ParseSince(std::string_view option, const std::string& value) {
  if (value.empty()) return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const std::string_view unit(end, value.data() + value.size());
  constexpr int64_t kMost = 100'000;
  if (error == std::errc() && number >= 0 && number <= kMost) {
    if (unit == "d") return StoreNow() - std::chrono::days(number);
    if (unit == "h") return StoreNow() - std::chrono::hours(number);
    if (unit == "m") return StoreNow() - std::chrono::minutes(number);
  }
  std::optional<StoreTime> time = ParseTimeText(value);
  if (!time) time = ParseTimeText(value + "T00:00:00Z");
  if (time) return time;
  return Fail(ErrorCode::kInvalidArgument, fmt::format("--{}: '{}' is neither a time nor a duration", option, value),
              "write it as 7d, 12h, 30m, 2026-11-28 or 2026-11-28T20:15:00Z, in UTC");
}

Result<void> ForHistory(const HistoryRangeOptions& options,
                        const std::function<void(const MessageRecord& message, std::optional<bool> truth)>& take) {
  MessageFilter filter{.since = TRY(ParseSince("since", options.since)),
                       .until = TRY(ParseSince("until", options.until)),
                       .limit = 1000};
  const std::unique_ptr<Store> store = TRY(OpenExistingStore(options.store));
  const MessageTruth truth = TRY(MessageTruth::Read(*store));
  while (true) {
    TRY(CheckInterrupted());
    const std::vector<StoredMessage> page = TRY(store->ListMessages(filter));
    if (page.empty()) return {};
    filter.before_id = page.back().id;
    for (const StoredMessage& stored : page) take(stored.message, truth.Of(stored.message));
  }
}

std::string SignedScore(double score) { return score == 0 ? "0" : fmt::format("{:+g}", score); }

}  // namespace winnow
