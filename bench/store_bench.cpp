/// Writes of feedback that are durable when they are acknowledged, by 1, 16 and 64 threads: into a SQLite file, and
/// into the spool that takes feedback while the store is down. The directory of the files is WINNOW_BENCH_DIR, else the
/// working directory; in /tmp there may be no disk behind the files.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "store/feedback_json.h"
#include "store/spool.h"
#include "store/store.h"

namespace winnow {
namespace {

std::filesystem::path Directory() {
  const char* const directory = std::getenv("WINNOW_BENCH_DIR");
  return std::filesystem::path(directory == nullptr ? "." : directory) / "store_bench_files";
}

FeedbackEvent Event() {
  FeedbackEvent event;
  event.idempotency_key = RandomKey();
  event.text = std::string(100, 'x');
  event.is_spam = true;
  event.feedback_type = "user_rejection";
  event.created_at = StoreNow();
  return event;
}

std::unique_ptr<Store> store;
std::unique_ptr<Spool> spool;

void BM_SqliteFeedback(benchmark::State& state) {
  if (state.thread_index() == 0) {
    std::filesystem::remove_all(Directory());
    std::filesystem::create_directories(Directory());
    store = Store::Open({.url = (Directory() / "store.db").string()}).value();
  }
  for (auto _ : state) {
    if (!store->AddFeedback(Event())) state.SkipWithError("the event was not stored");
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    store.reset();
    std::filesystem::remove_all(Directory());
  }
}
BENCHMARK(BM_SqliteFeedback)->Threads(1)->Threads(16)->Threads(64)->UseRealTime()->MinTime(3);

void BM_Spool(benchmark::State& state) {
  if (state.thread_index() == 0) {
    std::filesystem::remove_all(Directory());
    std::filesystem::create_directories(Directory());
    spool = Spool::Open(Directory() / "spool").value();
  }
  for (auto _ : state) {
    if (!spool->Append(FeedbackLine(Event()))) state.SkipWithError("the event was not written");
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    spool.reset();
    std::filesystem::remove_all(Directory());
  }
}
BENCHMARK(BM_Spool)->Threads(1)->Threads(16)->Threads(64)->UseRealTime()->MinTime(3);

}  // namespace
}  // namespace winnow

BENCHMARK_MAIN();
