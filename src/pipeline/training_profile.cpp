#include "pipeline/training_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace winnow {

Precision FastestPrecision(TrainingObserver& observer) {
  if (!IsSupported(Precision::kBf16)) return Precision::kF32;
  // In turns, so that whatever else the machine does to caches and clock rates meets both.
  double f32 = 0, bf16 = 0;
  for (int turn = 0; turn < 5; ++turn) {
    f32 = std::max(f32, MeasureMatMul(Precision::kF32, 0.005));
    bf16 = std::max(bf16, MeasureMatMul(Precision::kBf16, 0.005));
  }
  const Precision faster = bf16 > 1.2 * f32 ? Precision::kBf16 : Precision::kF32;
  observer.Note(fmt::format("matrix products on one core: f32 {:.0f} GFLOPS, bf16 {:.0f} GFLOPS; training uses {}",
                            f32 / 1e9, bf16 / 1e9, NameOf(faster)));
  return faster;
}

std::string ProfileText(const PhaseTimes& times, double tokenize, Precision precision, ThreadPool& pool) {
  const double steps = times.forward + times.backward + times.optimizer + times.other;
  const double all = tokenize + times.features + steps + times.evaluation + times.checkpoints;
  std::string text = "phase          seconds   share\n";
  const auto row = [&](const char* name, double seconds) {
    text += fmt::format("{:<12} {:>9.2f}  {:>4.1f} %\n", name, seconds, 100 * seconds / all);
  };
  row("tokenize", tokenize);
  if (times.features > 0) row("features", times.features);
  row("forward", times.forward);
  row("backward", times.backward);
  row("optimizer", times.optimizer);
  row("other", times.other);
  row("evaluation", times.evaluation);
  row("checkpoints", times.checkpoints);
  if (times.products.seconds == 0) return text;
  // All threads at once, as in training: they share caches and the power budget.
  std::atomic<int64_t> peak = 0;
  pool.Run([&](int) { peak += static_cast<int64_t>(MeasureMatMul(precision, 0.1)); });
  const double seconds = times.products.seconds / pool.size();
  const double rate = times.products.operations / seconds;
  text += fmt::format(
      "matrix products take {:.0f} % of the time of the steps, at {:.0f} GFLOPS; "
      "the peak is {:.0f} GFLOPS with {} ({:.0f} %)\n",
      100 * seconds / steps, rate / 1e9, static_cast<double>(peak) / 1e9, NameOf(precision),
      100 * rate / static_cast<double>(peak));
  return text;
}

}  // namespace winnow
