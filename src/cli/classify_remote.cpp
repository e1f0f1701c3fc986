#include "cli/classify_remote.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "cli/classify_lines.h"
#include "cli/explanation.h"

namespace winnow {
namespace {

using Answers = Result<std::vector<Json>>;

// Enough that a server always has the next batch while answers travel; one client should not take all of a queue.
constexpr size_t kLanes = 4;
// A batch of long texts is cut here, far below what a server takes in one body.
constexpr size_t kMaxBatchBytes = 1 << 20;
// Explaining takes the time of up to 200 texts each: the user sees that it goes on.
constexpr size_t kExplainedTogether = 8;

}  // namespace

struct RemoteAnswerer::State {
  /// A connection, and the batch that is under way on it.
  struct Lane {
    ClassifyServer server;
    std::vector<std::string> texts = {};
    std::future<Answers> answers = {};
  };

  RemoteClassifying classifying;
  std::function<Result<void>(std::string_view)> write;
  std::function<void(size_t)> told;
  std::vector<std::string> texts = {};  // of the next batch
  size_t bytes = 0;
  size_t answered = 0;
  std::atomic<bool> gave_up = false;  // before the lanes, whose threads look at it
  // Batches take the lanes in turns and are collected in turns, so the next lane is free or holds the oldest batch.
  std::vector<Lane> lanes = {};
  size_t next = 0;

  Result<void> Send();
  Result<void> Collect(Lane& lane);
  Result<std::string> Lines(const std::vector<Json>& answers, const std::vector<std::string>& texts) const;
};

Result<void> RemoteAnswerer::State::Send() {
  Lane& lane = lanes[next];
  next = (next + 1) % lanes.size();
  TRY(Collect(lane));
  lane.texts = std::exchange(texts, {});
  bytes = 0;
  lane.answers = std::async(std::launch::async,
                            [this, &lane]() { return lane.server.Classify(classifying.question, lane.texts); });
  return {};
}

Result<void> RemoteAnswerer::State::Collect(Lane& lane) {
  if (!lane.answers.valid()) return {};
  const Answers answers = lane.answers.get();
  TRY(CheckInterrupted());
  if (!answers) return std::unexpected(answers.error());
  answered += answers->size();
  told(answered);
  return write(TRY(Lines(*answers, lane.texts)));
}

Result<std::string> RemoteAnswerer::State::Lines(const std::vector<Json>& answers,
                                                 const std::vector<std::string>& asked) const {
  std::string lines;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (classifying.json) {
      lines += answers[i].dump() + "\n";
      continue;
    }
    lines += TRY(AnswerLineOf(answers[i], asked[i]));
    if (!classifying.question.explain) continue;
    const auto explanation = ReadExplanation(answers[i]["explanation"], asked[i]);
    if (!explanation) {
      return Fail(ErrorCode::kNetwork, "the server's explanation is not one of the text that it was asked about",
                  "is the server of another version? 'winnow version' tells this one's");
    }
    lines += ExplanationText(*explanation, asked[i], classifying.colour);
  }
  return lines;
}

RemoteAnswerer::RemoteAnswerer(RemoteClassifying classifying, std::function<Result<void>(std::string_view)> write,
                               std::function<void(size_t)> told)
    : state_(new State{std::move(classifying), std::move(write), std::move(told)}) {
  ServerAccess access = state_->classifying.access;
  access.stopped = [state = state_.get(), stopped = access.stopped] {
    return state->gave_up.load() || (stopped && stopped());
  };
  for (size_t i = 0; i < kLanes; ++i) state_->lanes.push_back({.server = ClassifyServer(access)});
  size_t& batch_size = state_->classifying.batch_size;
  batch_size = std::max<size_t>(1, batch_size);
  if (state_->classifying.question.explain) batch_size = std::min(batch_size, kExplainedTogether);
}

RemoteAnswerer::~RemoteAnswerer() {
  state_->gave_up = true;  // lanes' futures wait for their threads
}

Result<void> RemoteAnswerer::Take(std::string_view text) {
  State& state = *state_;
  if (!state.texts.empty() && state.bytes + text.size() > kMaxBatchBytes) TRY(state.Send());
  state.texts.emplace_back(text);
  state.bytes += text.size();
  return state.texts.size() < state.classifying.batch_size ? Result<void>() : state.Send();
}

Result<void> RemoteAnswerer::Flush() {
  State& state = *state_;
  if (!state.texts.empty()) TRY(state.Send());
  for (size_t i = 0; i < state.lanes.size(); ++i)
    TRY(state.Collect(state.lanes[(state.next + i) % state.lanes.size()]));
  return {};
}

}  // namespace winnow
