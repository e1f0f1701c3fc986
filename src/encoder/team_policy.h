/// The choice whether a few texts are computed by all threads together or by one thread.
///
/// Threads that compute together wait for each other after each product. On a machine that they have to themselves, two
/// threads take two thirds of the time of one. Where another program takes a core, each wait can last for a time slice
/// of that program, and the same two threads take three times as long as one. Nobody tells a process which of the two
/// is the case, so this class measures both ways now and then and chooses the faster one.
#pragma once

#include <array>
#include <cstddef>

namespace winnow {

/// Chooses by the durations of former calls. Not thread-safe.
class TeamPolicy {
 public:
  /// Returns the choice for the next call: true for all threads, false for one.
  bool ChooseTogether();

  /// Records the duration of a call that followed a choice.
  void Record(bool together, size_t tokens, double seconds);

 private:
  /// The median of the last few durations per token, which a single delay does not change.
  class Recent {
   public:
    void Add(double value);
    void Clear() { count_ = 0; }
    bool empty() const { return count_ == 0; }
    double Median() const;

   private:
    static constexpr size_t kKept = 5;
    std::array<double, kKept> values_{};
    size_t count_ = 0;  // that were added since Clear
  };

  Recent& Of(bool together) { return together ? together_ : alone_; }

  Recent together_, alone_;
  bool current_ = true;   // together
  size_t calls_ = 0;      // since the other way was tried
  size_t interval_ = 16;  // calls until it is tried again
  size_t trials_ = 0;     // calls of the other way that are left
};

}  // namespace winnow
