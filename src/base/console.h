/// A stream of whole lines, usually standard error, with at most one status line (a progress bar) below them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace winnow {

/// A console. Thread-safe. Failures of writing are ignored, since there is no other place to report them.
class Console {
 public:
  /// Returns the console of the process's standard error.
  static Console& Stderr();

  /// Creates a console that writes to `fd`, which stays open and is not owned. On a terminal the status line is redrawn
  /// in place; elsewhere it is never written.
  Console(int fd, bool terminal);
  ~Console();

  bool terminal() const { return terminal_; }
  /// Returns the number of columns that a status line may take.
  int width() const;

  /// Writes the line (passed without its line end) above the status line.
  void Print(std::string_view line);
  /// Has further lines written by a thread of their own, so that a reader who stalls does not stall the program. For
  /// servers; no effect on a terminal, whose status line needs the order.
  void WriteInBackground();
  /// Ends WriteInBackground, after what waits has been written; a second at most.
  void WriteInForeground();
  /// Replaces the status line; an empty `line` removes it. No effect if the console is not a terminal.
  void SetStatus(std::string_view line);

 private:
  struct State;
  int fd_;
  bool terminal_;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
