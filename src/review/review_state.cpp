#include "review/review_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace winnow {

std::optional<int32_t> ReviewState::LabelId(std::string_view name) const {
  const auto found = std::ranges::find(labels_, name);
  if (found == labels_.end()) return std::nullopt;
  return static_cast<int32_t>(found - labels_.begin());
}

Result<void> ReviewState::Check(const LogEntry& entry) const {
  for (const LabelDecision& decision : entry.decisions) {
    if (decision.item >= items_.size()) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("there is no item {}; the set has {}", decision.item, items_.size()));
    }
    if (decision.label && !LabelId(*decision.label)) {
      return Fail(ErrorCode::kNotFound, fmt::format("'{}' is not a label of this set; add it first", *decision.label));
    }
  }
  for (size_t i = 0; i < entry.add.size(); ++i) {
    const std::string& name = entry.add[i];
    const bool twice = std::find(entry.add.begin(), entry.add.begin() + static_cast<ptrdiff_t>(i), name) !=
                       entry.add.begin() + static_cast<ptrdiff_t>(i);
    if (LabelId(name) || twice) return Fail(ErrorCode::kExists, fmt::format("the label '{}' exists already", name));
  }
  return {};
}

Result<std::optional<ReviewState::Undone>> ReviewState::Apply(const LogEntry& entry) {
  TRY(Check(entry));
  switch (entry.kind) {
    case LogEntry::Kind::kUndo:
      return Undo(entry.reviewer);
    case LogEntry::Kind::kAddLabels:
      labels_.insert(labels_.end(), entry.add.begin(), entry.add.end());
      break;
    case LogEntry::Kind::kEstimate:
      curve_.push_back({entry.labelled, entry.f1_macro});
      break;
    case LogEntry::Kind::kLabels:
      for (const LabelDecision& decision : entry.decisions) {
        Item next{.label = decision.label ? *LabelId(*decision.label) : kSkipped,
                  .blind = decision.blind && decision.label,
                  .decision = ++decisions_};
        done_[entry.reviewer].push_back({decision.item, next.decision, items_[decision.item]});
        Set(decision.item, next);
        EndLease(decision.item);
      }
      break;
  }
  return std::nullopt;
}

void ReviewState::Set(size_t index, const Item& item) {
  Item& now = items_[index];
  if (now.label == kSkipped) skipped_.erase(now.decision);
  if (now.label >= 0) --labelled_;
  now = item;
  if (now.label == kSkipped) skipped_[now.decision] = index;
  if (now.label >= 0) ++labelled_;
}

bool ReviewState::CanUndo(const std::string& reviewer) const {
  const auto done = done_.find(reviewer);
  if (done == done_.end()) return false;
  return std::ranges::any_of(done->second,
                             [&](const Action& each) { return items_[each.item].decision == each.decision; });
}

std::optional<ReviewState::Undone> ReviewState::Undo(const std::string& reviewer) {
  std::vector<Action>& done = done_[reviewer];
  while (!done.empty()) {
    const Action last = done.back();
    done.pop_back();
    const Item& now = items_[last.item];
    if (now.decision != last.decision) continue;  // somebody has decided again since
    Undone undone{.item = last.item};
    if (now.label >= 0) undone.label = labels_[static_cast<size_t>(now.label)];
    ++decisions_;
    Set(last.item, last.before);
    return undone;
  }
  return std::nullopt;
}

std::vector<size_t> ReviewState::Skipped() const {
  std::vector<size_t> items;
  for (const auto& [decision, item] : skipped_) items.push_back(item);
  return items;
}

bool ReviewState::IsTaken(size_t item, std::string_view reviewer, Clock::time_point now) const {
  const auto held = leases_.find(item);
  return held != leases_.end() && held->second.until > now && held->second.reviewer != reviewer;
}

void ReviewState::Lease(size_t item, std::string_view reviewer, Clock::time_point now, bool random) {
  leases_[item] = {std::string(reviewer), now + kLease, random};
}

bool ReviewState::WasRandom(size_t item, std::string_view reviewer) const {
  const auto held = leases_.find(item);
  return held != leases_.end() && held->second.random && held->second.reviewer == reviewer;
}

}  // namespace winnow
