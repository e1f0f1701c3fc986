/// Lines that are written by a thread of their own, so that a pipe that nobody reads, a full disk or a slow one costs
/// lines and not the time of whoever writes them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace winnow {

/// Writes lines to a file descriptor in the background. Thread-safe.
class LineWriter {
 public:
  /// Starts the thread. `descriptor` is closed when it is replaced or the writer is destroyed, if `owned`. Lines that
  /// wait take `max_bytes` at most; further ones are lost.
  explicit LineWriter(int descriptor, bool owned, size_t max_bytes = size_t{1} << 20,
                      std::chrono::milliseconds patience = std::chrono::seconds(1));
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  /// Waits until the lines are written, but no longer than `patience`: what is stalled then is lost.
  ~LineWriter();

  /// Has the line written, whose line end is appended. Never waits.
  void Write(std::string line);
  /// Writes further lines to another descriptor, which is owned, after those that wait.
  void Replace(int descriptor);
  /// Returns the number of lines that were lost so far: there was no room for them, or they could not be written.
  uint64_t lost() const;

 private:
  struct State;
  static void Run(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;  // outlives this where the thread hangs in a write
};

}  // namespace winnow
