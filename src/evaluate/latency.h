/// Speed and memory of a bundle's predictions on this machine.
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

/// Summary of times in milliseconds. Percentiles are those of the nearest rank: the smallest time that at least p % of
/// all times do not exceed.
struct LatencySummary {
  double mean = 0, p50 = 0, p95 = 0, p99 = 0;
};
LatencySummary Summarize(std::vector<double> milliseconds);

/// Returns the milliseconds that `count` single texts take, from text to decision, after a tenth as many for warming
/// up. Texts are used in their order, repeatedly; there must be one. `progress` receives the finished share, 0 to 1,
/// and stops the rest by returning false. Errors: those of classifying; kCancelled.
Result<std::vector<double>> TimeSingleTexts(const BundleClassifier& classifier, std::span<const std::string_view> texts,
                                            size_t count, const std::function<bool(double done)>& progress = {});

/// Measures the times of any function that classifies one text; see TimeSingleTexts above.
Result<std::vector<double>> TimeSingleTexts(const std::function<Result<void>(std::string_view text)>& classify,
                                            std::span<const std::string_view> texts, size_t count,
                                            const std::function<bool(double done)>& progress = {});

/// Returns the size of the files that are needed for predictions: without ONNX models, weights in a form that is not
/// used, and files of the training. `weights` is BundleClassifier::weights().
double BundleMegabytes(const std::filesystem::path& bundle, std::string_view weights);

struct Throughput {
  int threads = 0;
  int batch_size = 0;
  double texts_per_s = 0, tokens_per_s = 0;
};

struct LatencyOptions {
  int iterations = 1000;       ///< number of single texts
  double batch_seconds = 0.3;  ///< measuring time for each batch size and number of threads
  int threads = 0;             ///< largest number of threads; 0: UnthrottledCores()
  std::vector<int> batch_sizes = {1, 2, 4, 8, 16, 32, 64, 128};
  Weights weights = Weights::kAuto;
  /// Receives the finished share, 0 to 1; returning false stops the measurement (kCancelled).
  std::function<bool(double done)> progress = {};
};

struct LatencyReport {
  std::string weights;            ///< weights in use: "int8"
  std::string isa;                ///< instruction set in use: "avx512_vnni"
  std::string int8_instructions;  ///< instructions that multiply INT8 weights: "AVX3 vpdpbusd"; empty for other weights
  int threads = 0;
  size_t texts = 0;
  double tokens_per_text = 0;  ///< mean number of tokens; 0 for linear models, as are all values about tokens
  double load_ms = 0;     ///< time of loading the bundle and of the first prediction, with the files in the page cache
  LatencySummary single;  ///< times of one text at a time, from text to decision, with all threads
  LatencySummary single_tokens;         ///< times of one text at a time, from tokens to decision
  std::vector<double> single_times_ms;  ///< the times that `single` summarizes, for plots
  std::vector<Throughput> throughput;   ///< throughput by threads, then batch size, from text to decision
  /// Resident memory after the first prediction, including the part that is mapped from files:.
  double resident_mb = 0;
  double resident_file_mb = 0;
  double resident_after_mb = 0;  ///< resident memory at the end, including that for the largest batch
  double bundle_mb = 0;          ///< size of the bundle (BundleMegabytes)
};

/// Measures a bundle. Texts are used in their order, repeatedly. Errors: those of loading; kInvalidArgument without
/// texts; kCancelled.
Result<LatencyReport> MeasureLatency(const std::filesystem::path& bundle, std::span<const std::string> texts,
                                     const LatencyOptions& options);

}  // namespace winnow
