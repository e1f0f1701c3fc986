/// Standard error as whole lines, with at most one status line (a progress bar) that stays below them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace winnow {

/// Thread-safe. Writing never fails visibly: nobody is left to be told.
class Console {
 public:
  /// The process's standard error.
  static Console& Stderr();

  /// `fd` stays open and the caller's. On a terminal the status line is redrawn in place; elsewhere it is never
  /// written.
  Console(int fd, bool terminal);
  ~Console();

  bool terminal() const { return terminal_; }
  /// Columns that a status line may take.
  int width() const;

  /// Writes the line (without its end), above the status line.
  void Print(std::string_view line);
  /// Replaces the status line; empty removes it. No effect off a terminal.
  void SetStatus(std::string_view line);

 private:
  struct State;
  int fd_;
  bool terminal_;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
