/// Comparisons of models that were kept: benchmarks over time.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/mutex.h"
#include "base/result.h"

namespace winnow {

/// Each run is a file DIRECTORY/ID.json with the whole comparison; DIRECTORY/index.jsonl has a line with the summary of
/// each, and a line for each removal. The summaries are kept in memory, so that a page of them costs the same however
/// many there are. Thread-safe.
class BenchmarkHistory {
 public:
  /// Opens a directory, and creates it. Files of runs that are missing in the index are added to it. Errors: kIo.
  static Result<std::shared_ptr<BenchmarkHistory>> Open(const std::filesystem::path& directory);

  /// Returns the summary of a comparison, as `winnow compare --json` prints it: {"id", "time", "data", "models":
  /// [{"name", "f1_macro", "accuracy", "ms_per_text", "per_class": {label: f1}}]}. Models that could not be measured
  /// have an "error" in place of numbers.
  static Json Summary(const std::string& id, const Json& comparison);

  /// Keeps a comparison, unless it is kept already. Errors: those of WriteFileAtomically.
  Result<void> Keep(const std::string& id, const Json& comparison);

  /// Returns at most `limit` summaries as {"runs", "next"}, the newest first, behind the run `before`; empty: from the
  /// newest on. "next" is the `before` of the next page, or null.
  Json List(const std::string& before, size_t limit) const;
  /// Returns the summary and, in "comparison", the whole comparison of a run. Errors: kNotFound; kIo; kInvalidData.
  Result<Json> Read(const std::string& id) const;
  /// Errors: kNotFound; kIo.
  Result<void> Remove(const std::string& id);

 private:
  explicit BenchmarkHistory(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Result<void> ReadIndex() REQUIRES(mutex_);
  bool Has(const std::string& id) const REQUIRES(mutex_);

  const std::filesystem::path directory_;
  mutable Mutex mutex_;
  std::deque<Json> runs_ GUARDED_BY(mutex_);  // summaries, oldest first
};

}  // namespace winnow
