/// How fast a bundle answers, and what memory that takes, on this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "winnow/classifier.h"

namespace winnow {

class BundleClassifier;

/// Times in milliseconds. A percentile is that of the nearest rank: the smallest time that at least p % of all don't
/// exceed.
struct LatencySummary {
  double mean = 0, p50 = 0, p95 = 0, p99 = 0;
};
LatencySummary Summarize(std::vector<double> milliseconds);

/// Milliseconds that `count` single texts take, text to decision, after a tenth as many that warm up. Texts are taken
/// in their order, again and again; there must be one. `progress` is told how much is done, 0 to 1, and stops the rest
/// by returning false. Errors: those of classifying; kCancelled.
Result<std::vector<double>> TimeSingleTexts(const BundleClassifier& classifier, std::span<const std::string_view> texts,
                                            size_t count, const std::function<bool(double done)>& progress = {});

/// Times anything that classifies one text; see TimeSingleTexts above.
Result<std::vector<double>> TimeSingleTexts(const std::function<Result<void>(std::string_view text)>& classify,
                                            std::span<const std::string_view> texts, size_t count,
                                            const std::function<bool(double done)>& progress = {});

/// Size of the files that answer: without ONNX models, weights in a form that isn't used, and what training left.
/// `weights` is BundleClassifier::weights().
double BundleMegabytes(const std::filesystem::path& bundle, std::string_view weights);

struct Throughput {
  int threads = 0;
  int batch_size = 0;
  double texts_per_s = 0, tokens_per_s = 0;
};

struct LatencyOptions {
  int iterations = 1000;       ///< single texts
  double batch_seconds = 0.3;  ///< for each batch size and number of threads
  int threads = 0;             ///< up to so many; 0: all cores
  std::vector<int> batch_sizes = {1, 2, 4, 8, 16, 32, 64, 128};
  Weights weights = Weights::kAuto;
  /// Told how much is done, 0 to 1; stops by returning false (then kCancelled).
  std::function<bool(double done)> progress = {};
};

struct LatencyReport {
  std::string weights;  ///< "int8"
  std::string isa;      ///< "avx512_vnni"
  int threads = 0;
  size_t texts = 0;
  double tokens_per_text = 0;           ///< 0 for linear models, as all that is of tokens
  double load_ms = 0;                   ///< from nothing in memory to the first answer, the files in the page cache
  LatencySummary single;                ///< one text at a time, text to decision, all threads
  LatencySummary single_tokens;         ///< the same from tokens
  std::vector<double> single_times_ms;  ///< that `single` is of, for plots
  std::vector<Throughput> throughput;   ///< by threads, then batch size; text to decision
  double resident_mb = 0;               ///< after the first answer; of it, what is mapped from files:
  double resident_file_mb = 0;
  double resident_after_mb = 0;  ///< at the end, with memory for the largest batch
  double bundle_mb = 0;          ///< BundleMegabytes
};

/// Texts are taken in their order, again and again. Errors: those of loading; kInvalidArgument without texts;
/// kCancelled.
Result<LatencyReport> MeasureLatency(const std::filesystem::path& bundle, std::span<const std::string> texts,
                                     const LatencyOptions& options);

}  // namespace winnow
