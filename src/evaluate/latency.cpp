#include "evaluate/latency.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <numeric>
#include <optional>

#include "base/machine.h"
#include "base/stopwatch.h"
#include "base/threads.h"
#include "bundle/calibration_texts.h"
#include "classify/bundle_classifier.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

class Measurement {
 public:
  Measurement(const std::filesystem::path& bundle, std::span<const std::string> texts, const LatencyOptions& options)
      : bundle_(bundle), texts_(texts.begin(), texts.end()), options_(options) {
    report_.threads = options.threads > 0 ? options.threads : UnthrottledCores();
    report_.texts = texts.size();
  }

  Result<LatencyReport> Run() {
    if (texts_.empty()) return Fail(ErrorCode::kInvalidArgument, "there are no texts to measure the latency with");
    TRY(LoadFirst());
    TRY(Singles());
    TRY(SinglesFromTokens());
    for (int threads = 1; threads <= report_.threads; threads = NextThreads(threads)) {
      ThreadPool pool(threads);
      const auto classifier = TRY(BundleClassifier::Load(bundle_, pool, options_.weights));
      for (const int batch_size : options_.batch_sizes) TRY(Batches(classifier, threads, batch_size));
    }
    report_.resident_after_mb = static_cast<double>(ResidentMemory().bytes) / 1e6;
    return std::move(report_);
  }

 private:
  /// 1, 2, 4 ... and the last.
  int NextThreads(int threads) const {
    return threads < report_.threads ? std::min(2 * threads, report_.threads) : threads + 1;
  }

  Result<void> LoadFirst() {
    const Clock::time_point begin = Clock::now();
    pool_.emplace(report_.threads);
    classifier_ = TRY(BundleClassifier::Load(bundle_, *pool_, options_.weights));
    const InputTextView first = Text(0);
    TRY(classifier_->ClassifyInto({&first, 1}, {}, results_));
    report_.load_ms = SecondsSince(begin) * 1000;
    const MemoryUse resident = ResidentMemory();
    report_.resident_mb = static_cast<double>(resident.bytes) / 1e6;
    report_.resident_file_mb = static_cast<double>(resident.file_bytes) / 1e6;
    report_.weights = classifier_->weights();
    report_.bundle_mb = BundleMegabytes(bundle_, report_.weights);
    const size_t tokens = TokensOfFirst(*classifier_, texts_.size());
    report_.tokens_per_text = static_cast<double>(tokens) / static_cast<double>(texts_.size());
    return {};
  }

  InputTextView Text(size_t i) const { return InputTextView::OfJoined(texts_[i % texts_.size()]); }

  Result<void> Tell(double done) const {
    if (options_.progress && !options_.progress(done)) return Fail(ErrorCode::kCancelled, "stopped");
    return {};
  }

  Result<void> Singles() {
    report_.single_times_ms =
        TRY(TimeSingleTexts(*classifier_, texts_, static_cast<size_t>(options_.iterations),
                            [&](double done) { return !options_.progress || options_.progress(0.15 * done); }));
    report_.single = Summarize(report_.single_times_ms);
    return {};
  }

  Result<void> SinglesFromTokens() {
    if (report_.tokens_per_text == 0) return Tell(0.3);
    PreparedTexts prepared;
    std::vector<float> probabilities(classifier_->labels().size());
    std::vector<double> times;
    for (size_t i = 0; i < static_cast<size_t>(options_.iterations); ++i) {
      const InputTextView text = Text(i);
      prepared.Clear();
      classifier_->scorer().Prepare({&text, 1}, prepared);
      const Clock::time_point begin = Clock::now();
      TRY(classifier_->ProbabilitiesOf(prepared, probabilities));
      times.push_back(SecondsSince(begin) * 1000);
    }
    report_.single_tokens = Summarize(std::move(times));
    return Tell(0.3);
  }

  Result<void> Batches(const BundleClassifier& classifier, int threads, int batch_size) {
    std::vector<InputTextView> batch(static_cast<size_t>(batch_size));
    size_t next = 0;
    const auto step = [&]() -> Result<void> {
      for (InputTextView& text : batch) text = Text(next++);
      return classifier.ClassifyInto(batch, {}, results_);
    };
    TRY(step());  // warm
    next = 0;
    const Clock::time_point begin = Clock::now();
    // At least one batch, and whole ones: what is counted is what was done.
    do TRY(step());
    while (SecondsSince(begin) < options_.batch_seconds);
    const double seconds = SecondsSince(begin);
    const double tokens = static_cast<double>(TokensOfFirst(classifier, next));
    report_.throughput.push_back({threads, batch_size, static_cast<double>(next) / seconds, tokens / seconds});
    int thread_counts = 0;
    for (int t = 1; t <= report_.threads; t = NextThreads(t)) ++thread_counts;
    const double all = static_cast<double>(options_.batch_sizes.size()) * thread_counts;
    return Tell(0.3 + 0.7 * static_cast<double>(report_.throughput.size()) / all);
  }

  /// The tokens of the first `count` texts, taken again and again: counted once, the rest in proportion.
  size_t TokensOfFirst(const BundleClassifier& classifier, size_t count) const {
    size_t tokens = 0;
    PreparedTexts prepared;
    for (size_t i = 0; i < std::min(count, texts_.size()); ++i) {
      const InputTextView text = Text(i);
      prepared.Clear();
      classifier.scorer().Prepare({&text, 1}, prepared);
      tokens += prepared.tokens.windows.ids.size();
    }
    return count <= texts_.size() ? tokens : tokens * count / texts_.size();
  }

  const std::filesystem::path& bundle_;
  const std::vector<std::string_view> texts_;
  const LatencyOptions& options_;
  std::optional<ThreadPool> pool_;
  std::optional<BundleClassifier> classifier_;
  std::vector<ClassifiedText> results_;
  LatencyReport report_;
};

}  // namespace

LatencySummary Summarize(std::vector<double> milliseconds) {
  if (milliseconds.empty()) return {};
  std::ranges::sort(milliseconds);
  const auto count = static_cast<double>(milliseconds.size());
  const auto percentile = [&](double share) {
    const auto rank = static_cast<size_t>(std::ceil(share * count));
    return milliseconds[std::max<size_t>(rank, 1) - 1];
  };
  return {.mean = std::accumulate(milliseconds.begin(), milliseconds.end(), 0.0) / count,
          .p50 = percentile(.50),
          .p95 = percentile(.95),
          .p99 = percentile(.99)};
}

Result<std::vector<double>> TimeSingleTexts(const BundleClassifier& classifier, std::span<const std::string_view> texts,
                                            size_t count, const std::function<bool(double done)>& progress) {
  std::vector<ClassifiedText> results;
  return TimeSingleTexts(
      [&](std::string_view joined) {
        const InputTextView text = InputTextView::OfJoined(joined);
        return classifier.ClassifyInto({&text, 1}, {}, results);
      },
      texts, count, progress);
}

Result<std::vector<double>> TimeSingleTexts(const std::function<Result<void>(std::string_view text)>& classify,
                                            std::span<const std::string_view> texts, size_t count,
                                            const std::function<bool(double done)>& progress) {
  std::vector<double> times;
  const size_t warm = count / 10 + 1;
  for (size_t i = 0; i < warm + count; ++i) {
    const size_t t = i < warm ? i : i - warm;
    const std::string_view text = texts[t % texts.size()];
    const Clock::time_point begin = Clock::now();
    TRY(classify(text));
    if (i < warm) continue;
    times.push_back(SecondsSince(begin) * 1000);
    if (t % 10 == 0 && progress && !progress(static_cast<double>(t) / static_cast<double>(count))) {
      return Fail(ErrorCode::kCancelled, "stopped");
    }
  }
  return times;
}

double BundleMegabytes(const std::filesystem::path& bundle, std::string_view weights) {
  const bool int8 = weights.starts_with("int8");
  double bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(bundle, error)) {
    const std::string name = entry.path().filename().string();
    const bool other_weights =
        name == (int8 ? "model.safetensors" : "model_int8.safetensors") || name == "pytorch_model.bin";
    const bool of_training = name == kCalibrationTextsFile || name.starts_with("training");
    if (other_weights || of_training || !entry.is_regular_file(error)) continue;
    const auto size = entry.file_size(error);
    if (!error) bytes += static_cast<double>(size);
  }
  return bytes / 1e6;
}

Result<LatencyReport> MeasureLatency(const std::filesystem::path& bundle, std::span<const std::string> texts,
                                     const LatencyOptions& options) {
  return Measurement(bundle, texts, options).Run();
}

}  // namespace winnow
