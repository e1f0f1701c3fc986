#include "client/remote_classifier.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "base/interrupt.h"

namespace winnow {
namespace {

using Answers = Result<std::vector<Json>>;

// Enough that a server always has the next batch while answers travel; one client should not take all of a queue.
constexpr size_t kLanes = 4;
// A batch of long texts is cut here, far below what a server takes in one body.
constexpr size_t kMaxBatchBytes = 1 << 20;
// Explaining takes the time of up to 200 texts each: the user sees that it goes on.
constexpr size_t kExplainedTogether = 8;

/// Texts that travel together, and the strings that they are views of, which stay where they are.
struct Batch {
  std::deque<std::string> strings;
  std::vector<InputTextView> texts;
  size_t bytes = 0;

  void Add(InputTextView text) {
    texts.push_back(text.With(strings.emplace_back(text.joined())));
    bytes += text.joined().size();
  }
};

}  // namespace

struct RemoteClassifier::State {
  /// A connection, and the batch that is under way on it.
  struct Lane {
    ServerClient server;
    Batch batch = {};
    std::future<Answers> answers = {};
  };

  RemoteClassifierOptions options;
  Sink sink;
  Batch batch = {};                   // the next one
  std::atomic<bool> gave_up = false;  // before the lanes, whose threads look at it
  // Batches take the lanes in turns and are collected in turns, so the next lane is free or holds the oldest batch.
  std::vector<Lane> lanes = {};
  size_t next = 0;

  Result<void> Send();
  Result<void> Collect(Lane& lane);
};

Result<void> RemoteClassifier::State::Send() {
  Lane& lane = lanes[next];
  next = (next + 1) % lanes.size();
  TRY(Collect(lane));
  lane.batch = std::exchange(batch, {});
  lane.answers = std::async(std::launch::async,
                            [this, &lane]() { return lane.server.Classify(options.request, lane.batch.texts); });
  return {};
}

Result<void> RemoteClassifier::State::Collect(Lane& lane) {
  if (!lane.answers.valid()) return {};
  const Answers answers = lane.answers.get();
  TRY(CheckInterrupted());
  if (!answers) return std::unexpected(answers.error());
  return sink(*answers, lane.batch.texts);
}

RemoteClassifier::RemoteClassifier(RemoteClassifierOptions options, Sink sink)
    : state_(new State{std::move(options), std::move(sink)}) {
  ServerAccess access = state_->options.access;
  access.stopped = [state = state_.get(), stopped = access.stopped] {
    return state->gave_up.load() || (stopped && stopped());
  };
  for (size_t i = 0; i < kLanes; ++i) state_->lanes.push_back({.server = ServerClient(access)});
  size_t& batch_size = state_->options.batch_size;
  batch_size = std::max<size_t>(1, batch_size);
  if (state_->options.request.explain) batch_size = std::min(batch_size, kExplainedTogether);
}

RemoteClassifier::~RemoteClassifier() {
  state_->gave_up = true;  // lanes' futures wait for their threads
}

Result<void> RemoteClassifier::Take(InputTextView text) {
  State& state = *state_;
  if (!state.batch.texts.empty() && state.batch.bytes + text.joined().size() > kMaxBatchBytes) TRY(state.Send());
  state.batch.Add(text);
  return state.batch.texts.size() < state.options.batch_size ? Result<void>() : state.Send();
}

Result<void> RemoteClassifier::Flush() {
  State& state = *state_;
  if (!state.batch.texts.empty()) TRY(state.Send());
  for (size_t i = 0; i < state.lanes.size(); ++i)
    TRY(state.Collect(state.lanes[(state.next + i) % state.lanes.size()]));
  return {};
}

}  // namespace winnow
