/// What the message filter adds to the classification of a message: the lookup of user and sender, the built-in rules,
/// the verdict as JSON, and the record for the history, with a SQLite store. Messages are those of
/// examples/data/messages_must_pass.jsonl. The directory of the store is WINNOW_BENCH_DIR, else the working directory.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "filter/history.h"
#include "filter/known_state.h"
#include "filter/must_pass.h"
#include "filter/sender.h"
#include "filter/spam_filter.h"

namespace winnow {
namespace {

std::filesystem::path Directory() {
  const char* const directory = std::getenv("WINNOW_BENCH_DIR");
  return std::filesystem::path(directory == nullptr ? "." : directory) / "filter_bench_files";
}

std::vector<FilterMessage> Messages() {
  std::vector<FilterMessage> messages;
  const std::vector<MustPassCase> cases = ReadMustPass("examples/data/messages_must_pass.jsonl").value();
  for (const MustPassCase& each : cases) {
    messages.push_back(each.message);
    messages.back().sender = "+4477009" + std::to_string(10000 + messages.size());
    messages.back().user = "user" + std::to_string(messages.size() % 10);
  }
  return messages;
}

/// A store in which every user has preferences and every sender a score.
std::shared_ptr<Store> FilledStore(const std::vector<FilterMessage>& messages) {
  std::filesystem::remove_all(Directory());
  std::filesystem::create_directories(Directory());
  std::shared_ptr<Store> store = Store::Open({.url = (Directory() / "store.db").string()}).value();
  for (const FilterMessage& message : messages) {
    if (!store->SetPreferences(message.user, {.mode = "strict"})) std::abort();
    if (!store->SetReputation({NormalSender(message.sender), "score", message.user}, 0.5)) std::abort();
  }
  return store;
}

KnownStateOptions StateOptions(std::chrono::milliseconds time_to_live) {
  KnownStateOptions options;
  options.store.url = (Directory() / "store.db").string();
  options.time_to_live = time_to_live;
  return options;
}

/// All steps but the model. With `history`, messages are recorded.
void RunFilter(benchmark::State& state, std::chrono::milliseconds time_to_live, bool with_history) {
  const std::vector<FilterMessage> messages = Messages();
  const std::shared_ptr<Store> store = FilledStore(messages);
  KnownStateCache cache(StateOptions(time_to_live));
  std::unique_ptr<History> history;
  if (with_history) history = std::make_unique<History>([store] { return store; }, HistoryOptions{});
  const SpamFilter filter({}, RuleSet::LoadBuiltIn().value());
  size_t next = 0, bytes = 0;
  for (auto _ : state) {
    const FilterMessage& message = messages[next++ % messages.size()];
    FilterProgress progress = filter.Begin(message, cache.Load(NormalSender(message.sender), message.user));
    const Verdict verdict = progress.decided
                                ? *progress.decided
                                : filter.Decide(std::move(progress), {.probability = 0.3, .version = "1.0.0"});
    bytes += VerdictJson(verdict).dump().size();
    if (history != nullptr) history->Add(RecordOf(message, verdict));
  }
  benchmark::DoNotOptimize(bytes);
  history.reset();
  std::filesystem::remove_all(Directory());
}

void BM_FilterWarm(benchmark::State& state) { RunFilter(state, std::chrono::hours(1), false); }
void BM_FilterWarmWithHistory(benchmark::State& state) { RunFilter(state, std::chrono::hours(1), true); }
void BM_FilterThatReadsTheStore(benchmark::State& state) { RunFilter(state, std::chrono::milliseconds(0), false); }
BENCHMARK(BM_FilterWarm)->MinTime(2);
BENCHMARK(BM_FilterWarmWithHistory)->MinTime(2);
BENCHMARK(BM_FilterThatReadsTheStore)->MinTime(2);

}  // namespace
}  // namespace winnow

BENCHMARK_MAIN();
