/// The state of a review: which text has which label, who has which text in hand, and what can be undone. Rebuilt by
/// applying the entries of the log in order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "review/label_log.h"

namespace winnow {

inline constexpr int32_t kNotLabelled = -1;
inline constexpr int32_t kSkipped = -2;

/// A point of the learning curve: the macro-F1 that was measured at a number of labels.
struct CurvePoint {
  size_t labelled = 0;
  double f1_macro = 0;
};

/// Not thread-safe.
class ReviewState {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kLease{120};

  struct Item {
    int32_t label = kNotLabelled;  ///< id of the label, kNotLabelled or kSkipped
    bool blind = false;            ///< the label was given without a suggestion, to a text that was drawn at random
    uint64_t decision = 0;         ///< number of the decision that gave the label; 0: none
  };

  /// What a withdrawal changes.
  struct Undone {
    size_t item = 0;
    std::optional<std::string> label = {};  ///< the label that was withdrawn; nothing: it was skipped
  };

  ReviewState(size_t items, std::vector<std::string> labels) : items_(items), labels_(std::move(labels)) {}

  /// Checks an entry before it is written. Errors: kNotFound for an item or a label that does not exist; kExists for a
  /// label to add that exists.
  Result<void> Check(const LogEntry& entry) const;
  /// Applies an entry; returns what an undo has changed, if there was anything. Errors: those of Check.
  Result<std::optional<Undone>> Apply(const LogEntry& entry);
  /// Returns true if the reviewer has a decision that can be withdrawn.
  bool CanUndo(const std::string& reviewer) const;

  const std::vector<std::string>& labels() const { return labels_; }
  std::optional<int32_t> LabelId(std::string_view name) const;
  const Item& item(size_t index) const { return items_[index]; }
  size_t items() const { return items_.size(); }
  size_t labelled() const { return labelled_; }
  size_t skipped() const { return skipped_.size(); }
  /// Returns the skipped items, the one that was skipped first in front.
  std::vector<size_t> Skipped() const;
  const std::vector<CurvePoint>& curve() const { return curve_; }
  /// Returns the number of the last decision; every labelling or withdrawal has a higher one than those before.
  uint64_t decisions() const { return decisions_; }

  /// Returns true if another reviewer has the item in hand.
  bool IsTaken(size_t item, std::string_view reviewer, Clock::time_point now) const;
  /// Gives an item into a reviewer's hands. `random` says that it is shown because it was drawn at random, blind.
  void Lease(size_t item, std::string_view reviewer, Clock::time_point now, bool random = false);
  /// Returns true if the reviewer was last shown the item because it was drawn at random.
  bool WasRandom(size_t item, std::string_view reviewer) const;
  void EndLease(size_t item) { leases_.erase(item); }

 private:
  struct Action {
    size_t item;
    uint64_t decision;
    Item before;
  };
  struct Held {
    std::string reviewer;
    Clock::time_point until;
    bool random;
  };
  void Set(size_t index, const Item& item);
  std::optional<Undone> Undo(const std::string& reviewer);

  std::vector<Item> items_;
  std::vector<std::string> labels_;
  size_t labelled_ = 0;
  uint64_t decisions_ = 0;
  std::map<uint64_t, size_t> skipped_;               // by decision
  std::map<std::string, std::vector<Action>> done_;  // by reviewer, the last one at the end
  std::unordered_map<size_t, Held> leases_;
  std::vector<CurvePoint> curve_;
};

}  // namespace winnow
