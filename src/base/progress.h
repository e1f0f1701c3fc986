/// Progress of long-running work, on standard error. On a terminal the progress is one redrawn line, elsewhere a line
/// at intervals. With --log-format json it is always a line at intervals, as {"time", "level": "progress", "message",
/// "done", "total", "seconds", fields}.
///
///     ProgressBar progress("train", steps);
///     for (...) { ...; progress.SetField("loss", fmt::format("{:.4f}", loss)); progress.Advance(); }
///     progress.Finish();
///
///     train  [=========>          ]  45 %  120/268  loss 0.1234  12,345 tokens/s  0:12 left
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/console.h"
#include "base/mutex.h"

namespace winnow {

/// What the steps of a bar are: things that are counted, or hundredths of the work, of which only the share is shown.
enum class ProgressUnit { kCount, kPercent };

/// Shows or hides all progress bars (hidden by --quiet). Call before threads start.
void SetProgressShown(bool shown);

/// A progress bar. Thread-safe. Advance costs an atomic addition and a reading of the clock, and draws at most ten
/// times a second.
class ProgressBar {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// Creates a bar. `total` is the number of steps; if it is 0 or less, the total is unknown and only the count is
  /// shown. With ProgressUnit::kPercent, the share of `total` is shown instead of the count.
  ProgressBar(std::string label, int64_t total, ProgressUnit unit = ProgressUnit::kCount);
  /// Creates a bar on a given console and clock, for tests.
  ProgressBar(std::string label, int64_t total, Console& console, Clock clock,
              ProgressUnit unit = ProgressUnit::kCount);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// Removes the line of an unfinished bar: the work has failed, and the error message reports it.
  ~ProgressBar();

  void Advance(int64_t steps = 1);
  /// Sets the count of steps that were taken before this bar began, for instance before an interruption: the estimate
  /// of the time that is left does not count them. Called before the first step.
  void StartAt(int64_t done);
  /// Sets the absolute count, for instance of bytes reported by a library.
  void Set(int64_t done);
  /// Sets a total that becomes known later, such as the size of a download.
  void SetTotal(int64_t total);
  /// Sets a field, which is shown behind the count. Fields are in the order of their first setting; the last ones are
  /// left out on a narrow terminal. ("loss", "0.1234") is shown as "loss 0.1234", ("", "12,345 tokens/s") as "12,345
  /// tokens/s".
  void SetField(std::string_view name, std::string value);
  /// Draws a last line with the total time. Later calls of any function have no effect.
  void Finish();

  /// Returns the line as it would be drawn now in `width` columns: at least the label, cut to the width.
  std::string Line(int width) const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum class Look { kBar, kLog, kLast };  // redrawn with a bar; a line of a log; the last line, with the whole time

  void MaybeDraw(bool first);
  std::string LineLocked(int width, Time now, Look look) const REQUIRES(mutex_);
  std::string JsonLocked(Time now) const REQUIRES(mutex_);
  std::string Fields(size_t count) const REQUIRES(mutex_);
  /// The share of this bar's own steps that are done, from 0 to 1.
  double OwnPart() const;

  const std::string label_;
  const ProgressUnit unit_;
  Console* const console_;  // null: not shown
  const bool json_;
  const bool redrawn_;  // instead of a line now and then
  const Clock clock_;
  const Time begin_;
  std::atomic<int64_t> done_ = 0;
  std::atomic<int64_t> first_ = 0;  // the count at which this bar began
  std::atomic<int64_t> total_;
  std::atomic<Time::rep> next_draw_;  // when looking again is worth the lock
  mutable Mutex mutex_;
  std::vector<std::pair<std::string, std::string>> fields_ GUARDED_BY(mutex_);
  Time last_line_ GUARDED_BY(mutex_);
  int64_t next_tenth_ GUARDED_BY(mutex_) = 1;
  bool finished_ GUARDED_BY(mutex_) = false;
};

/// Returns the duration as "0:09", "12:05" or "1:02:03".
std::string FormatDuration(std::chrono::seconds duration);
/// Returns the count with commas between thousands: "12,345".
std::string FormatCount(int64_t count);

}  // namespace winnow
