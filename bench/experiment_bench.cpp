// What an experiment costs a request: the assignment of its user, and the counting of its answer.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "experiment/live_experiments.h"

namespace winnow {
namespace {

std::unique_ptr<LiveExperiments> running;

/// Begins an experiment on half of the users, in a SQLite store.
void Begin() {
  const ScopedTemporaryDirectory directory = ScopedTemporaryDirectory::Make("experiment").value();
  const std::unique_ptr<Store> store =
      Store::Open({.url = "sqlite://" + (directory.path() / "store.db").string()}).value();
  for (const char* const version : {"1.0.0", "1.1.0"}) {
    (void)store->AddModelVersion(
        {.name = "spam", .version = version, .digest = version, .uri = version, .pushed_by = "anna"});
  }
  (void)store->ChangeAlias({.name = "spam", .alias = "champion", .version = "1.0.0", .actor = "anna"});
  const StoreTime start = StoreNow() - std::chrono::minutes(1);
  (void)StartExperiment(*store, "spam", "1.1.0", {.ramp = {0.5}, .compare_share = 0.1}, "anna", start);
  running = std::make_unique<LiveExperiments>("server");
  (void)running->Exchange(*store, store.get(), StoreNow());
}

/// Requests of `users` users in turn.
void BM_Request(benchmark::State& state) {
  if (state.thread_index() == 0) Begin();
  std::vector<std::string> users;
  for (int64_t i = 0; i < state.range(0); ++i) users.push_back("user-" + std::to_string(1000000 + i));
  size_t next = 0;
  for (auto _ : state) {
    const std::string& user = users[next++ % users.size()];
    const StoreTime now = StoreNow();
    const auto assignment = running->Assign("spam", user, "5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d", now);
    if (!assignment) state.SkipWithError("the experiment does not run");
    if (assignment) running->Answered(*assignment, user, 0.002, false, now);
  }
}
BENCHMARK(BM_Request)->Arg(1000)->Arg(100000)->ThreadRange(1, 2)->UseRealTime();

void BM_RequestWithoutExperiment(benchmark::State& state) {
  LiveExperiments live("server");
  for (auto _ : state) benchmark::DoNotOptimize(live.Assign("spam", "anna", "m", StoreNow()));
}
BENCHMARK(BM_RequestWithoutExperiment);

}  // namespace
}  // namespace winnow

BENCHMARK_MAIN();
