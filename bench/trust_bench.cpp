/// The trust of users from the feedback of a store: by ComputeTrust, which reads all of it, and by TrustState, which a
/// server keeps up to date. Prints times, memory and the digest of the trusted users, which is the same.
///
///     build/release/bench/trust_bench sqlite:store.db all|state
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "feedback/feedback_log.h"
#include "feedback/trust_state.h"
#include "feedback/verdict_samples.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

class Steps {
 public:
  void Done(std::string_view what) {
    fmt::print("{:<40} {:>8.2f} s {:>8} kB now {:>8} kB at most\n", what,
               std::chrono::duration<double>(Clock::now() - begin_).count(), Status("VmRSS:"), Status("VmHWM:"));
    begin_ = Clock::now();
  }

 private:
  static std::string Status(std::string_view name) {
    std::ifstream file("/proc/self/status");
    for (std::string word; file >> word;) {
      if (word == name && file >> word) return word;
    }
    return "?";
  }
  Clock::time_point begin_ = Clock::now();
};

void Print(const TrustTable& trust) {
  std::string users;
  for (const std::string& user : trust.TrustedUsers()) users += user + "\n";
  fmt::print("{} users, {} trusted: {}\n", trust.users().size(), trust.TrustedUsers().size(), Sha256(users));
}

void Run(const std::string& url, std::string_view how) {
  const std::unique_ptr<Store> store = Store::Open({.url = url}).value();
  const auto labels = ReadVerdictLabels(*store).value();
  Steps steps;
  if (how == "all") {
    const std::vector<FeedbackEvent> events = ReadAllFeedback(*store).value();
    steps.Done(fmt::format("{} events read", events.size()));
    const std::vector<FeedbackState> states = CurrentFeedback(events);
    steps.Done(fmt::format("{} last words", states.size()));
    const TrustTable trust = ComputeTrust(states, labels);
    steps.Done("trust");
    return Print(trust);
  }
  TrustState state;
  FeedbackEvent one;
  for (FeedbackFilter filter{.limit = 2000};;) {
    const auto page = store->ListFeedback(filter).value();
    if (page.empty()) break;
    for (const StoredFeedback& stored : page) state.Add(stored.event);
    one = page.back().event;
    filter.after_id = page.back().id;
  }
  steps.Done(fmt::format("{} events read", state.events()));
  Print(state.Compute(labels).value());
  steps.Done("trust");
  for (int i = 0; i < 100; ++i) {
    one.text += fmt::format(" more{}", i);
    state.Add(one);
  }
  const TrustTable trust = state.Compute(labels).value();
  steps.Done("trust after 100 more events");
}

}  // namespace
}  // namespace winnow

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  winnow::Run(argv[1], argv[2]);
  return 0;
}
