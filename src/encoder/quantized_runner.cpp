// How batches are dealt out to the threads of a pool; what a thread computes is in quantized_forward.cpp.
#include <algorithm>
#include <chrono>

#include "encoder/cutter.h"
#include "encoder/quantized_forward.h"

namespace winnow {
namespace {

constexpr size_t kChunkTokens = 512;  // that a thread takes through all layers at once, about

/// Returns the memory that the largest of all parts needs.
QuantizedScratch::Need LargestOf(const PackedTexts& texts, Cutter cutter) {
  QuantizedScratch::Need need{.tokens = 0, .texts = 0, .longest = LongestOf(texts)};
  for (Part part; (part = cutter.Cut()).begin < part.end;) {
    need.tokens = std::max(need.tokens, static_cast<size_t>(texts.offsets[part.end]) - texts.begin(part.begin));
    need.texts = std::max(need.texts, part.end - part.begin);
  }
  return need;
}

}  // namespace

/// One call of Run, whose parts threads take one after the other.
struct QuantizedRunner::Job {
  const PackedTexts& texts;
  PassOutput output;
  std::span<float> rows;
  const std::function<bool(size_t)>& done;
  size_t width;                           // of a row
  Cutter cutter;                          // guarded by the mutex once threads run
  size_t finished GUARDED_BY(mutex) = 0;  // texts
  bool stopped GUARDED_BY(mutex) = false;
  Mutex mutex{};

  /// The next part's texts; none when there are no more.
  Part Take() {
    const MutexLock lock(mutex);
    return stopped ? Part{} : cutter.Cut();
  }
  void Finish(const Part& taken) {
    const MutexLock lock(mutex);
    finished += taken.end - taken.begin;
    if (done && !stopped && !done(finished)) stopped = true;
  }

  float* RowsOf(const Part& taken) const { return rows.data() + taken.begin * width; }
};

QuantizedRunner::QuantizedRunner(const QuantizedModel& model, ThreadPool& pool)
    : model_(model), pool_(pool), barrier_(pool.size()), scratch_(static_cast<size_t>(pool.size())) {}

void QuantizedRunner::Run(const PackedTexts& texts, PassOutput output, std::span<float> rows,
                          const std::function<bool(size_t)>& done, PoolUse use) {
  const ModelConfig& config = model_.config();
  const size_t width = output == PassOutput::kLogits ? config.labels.size() : static_cast<size_t>(config.hidden_size);
  const auto threads = static_cast<size_t>(pool_.size());
  const auto job_of = [&](size_t parts) {
    return Job{.texts = texts,
               .output = output,
               .rows = rows,
               .done = done,
               .width = width,
               .cutter = {texts, 0, texts.texts(), parts}};
  };
  if (use != PoolUse::kIfFree || !pool_mutex_.TryLock()) {
    Job job = job_of(PartsOf(texts.tokens(), kChunkTokens));
    RunAlone(job, LargestOf(texts, job.cutter));
    return;
  }
  const MutexLock lock(pool_mutex_, MutexLock::Acquired());
  if (texts.texts() >= threads) {
    Job job = job_of(threads * PartsOf(texts.tokens(), threads * kChunkTokens));
    DealOut(job, LargestOf(texts, job.cutter));
  } else {
    Job job = job_of(PartsOf(texts.tokens(), kChunkTokens));
    RunFew(job, LargestOf(texts, job.cutter));
  }
}

/// Computes few texts either on all threads together or on the calling thread, whichever TeamPolicy has found faster.
void QuantizedRunner::RunFew(Job& job, const QuantizedScratch::Need& need) {
  using Clock = std::chrono::steady_clock;
  if (pool_.size() == 1) return RunTogether(job, need);
  const bool together = policy_.ChooseTogether();
  const Clock::time_point begin = Clock::now();
  if (together) {
    RunTogether(job, need);
  } else {
    scratch_[0].Prepare(model_, need, pool_.size());  // the team's, which is ready for it
    RunParts(job, scratch_[0]);
  }
  policy_.Record(together, job.texts.tokens(), std::chrono::duration<double>(Clock::now() - begin).count());
}

/// Computes each part on one thread, with all threads at work at the same time.
void QuantizedRunner::DealOut(Job& job, const QuantizedScratch::Need& need) {
  // Any thread may come to take the largest part, so each is ready for it.
  for (QuantizedScratch& each : scratch_) each.Prepare(model_, need, 1);
  const auto run = [&](int thread) REQUIRES(pool_mutex_) { RunParts(job, scratch_[static_cast<size_t>(thread)]); };
  pool_.Run([&run](int thread) REQUIRES(pool_mutex_) { run(thread); });  // small enough to need no memory
}

/// Allocates what products need on each thread of the team. A thread that ran out of memory later, between two
/// barriers, would leave the others waiting for it.
void QuantizedRunner::ReserveForTeam() {
  const auto reserve = [this] {
    for (size_t l = 0; l < model_.num_layers(); ++l) {
      const QuantizedLayer& layer = model_.layer(l);
      for (const PackedWeights* weights : {&layer.qkv, &layer.out, &layer.up, &layer.down}) ReserveForProduct(*weights);
    }
  };
  reserve();  // the caller, which is another one each time
  if (team_has_memory_) return;
  pool_.Run([&reserve](int) { reserve(); });
  team_has_memory_ = true;
}

/// Computes the parts one after the other, each on all threads.
void QuantizedRunner::RunTogether(Job& job, const QuantizedScratch::Need& need) {
  QuantizedScratch& scratch = scratch_[0];
  scratch.Prepare(model_, need, pool_.size());
  ReserveForTeam();
  for (Part part; (part = job.Take()).begin < part.end; job.Finish(part)) {
    const auto run = [&](int rank) {
      QuantizedForward(model_, job.texts, part.begin, part.end, scratch, {rank, pool_.size(), &barrier_}, job.output,
                       job.RowsOf(part));
    };
    pool_.Run([&run](int rank) { run(rank); });  // small enough to need no memory
  }
}

/// Computes parts on the calling thread, until none is left.
void QuantizedRunner::RunParts(Job& job, QuantizedScratch& scratch) {
  for (Part part; (part = job.Take()).begin < part.end; job.Finish(part)) {
    QuantizedForward(model_, job.texts, part.begin, part.end, scratch, {}, job.output, job.RowsOf(part));
  }
}

void QuantizedRunner::RunAlone(Job& job, const QuantizedScratch::Need& need) {
  // The pool is at work for another caller, or meant for others.
  std::unique_ptr<QuantizedScratch> scratch;
  {
    const MutexLock lock(spare_mutex_);
    if (!spare_.empty()) {
      scratch = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (scratch == nullptr) scratch = std::make_unique<QuantizedScratch>();
  scratch->Prepare(model_, need, 1);
  RunParts(job, *scratch);
  const MutexLock lock(spare_mutex_);
  spare_.push_back(std::move(scratch));
}

}  // namespace winnow
