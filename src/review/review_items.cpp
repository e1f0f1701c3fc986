// Texts of a review as reviewers see them: suggestions, reasons, and groups that are labelled together.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "review/review_set.h"
#include "review/share_text.h"

namespace winnow {
namespace {

constexpr size_t kMostScores = 10;
constexpr size_t kMostOfGroup = 50;
constexpr float kConfident = 0.9f;

}  // namespace

ReviewItem ReviewSet::ItemLocked(size_t index, Queue why) const {
  ReviewItem item{.item = index, .text = pool_.texts[index].text, .queue = why};
  if (prepared_) {
    const uint32_t cluster = prepared_->clusters.cluster_of[index];
    item.cluster.emplace(cluster, prepared_->clusters.sizes[cluster]);
  }
  if (!IsBlind(why)) {
    item.given = pool_.texts[index].given;
    const size_t labels = fitted_->num_labels;
    if (!fitted_->probabilities.empty()) {
      const auto row = std::span(fitted_->probabilities).subspan(index * labels, labels);
      for (size_t l = 0; l < labels; ++l) {
        if (row[l] > 0) item.scores.emplace_back(state_.labels()[l], row[l]);
      }
    }
    std::ranges::stable_sort(item.scores, std::greater(), &ScoredLabel::second);
    if (item.scores.size() > kMostScores) item.scores.resize(kMostScores);
    if (!item.scores.empty()) item.suggestion = item.scores.front();
    if (why == Queue::kSuspects && prepared_) {
      const auto suspect = std::ranges::find(prepared_->suspects, index, &Suspect::item);
      if (suspect != prepared_->suspects.end()) {
        item.suggestion = ScoredLabel(state_.labels()[static_cast<size_t>(suspect->suggested)], suspect->probability);
      }
    }
  }
  item.reason = ReasonLocked(item);
  return item;
}

std::string ReviewSet::ReasonLocked(const ReviewItem& item) const {
  switch (item.queue) {
    case Queue::kAudit:
      return "drawn at random and shown without a suggestion, to measure the model";
    case Queue::kDisagree:
      return "two models decide this text differently";
    case Queue::kContradict:
      return "users have judged this text differently";
    case Queue::kOutOfScope:
      return "unlike the texts that are labelled so far";
    case Queue::kNewCluster:
      return item.cluster ? fmt::format("one of {} similar texts; none of them is labelled", item.cluster->second)
                          : "unlike the texts that are labelled so far";
    case Queue::kSuspects:
      if (item.given && item.suggestion) {
        return fmt::format("the label in the data is {}, but the model finds {} more probable ({})", *item.given,
                           item.suggestion->first, ShareText(item.suggestion->second));
      }
      return "the model doubts the label in the data";
    case Queue::kUnsure:
    case Queue::kMixed:
      break;
  }
  if (item.scores.size() < 2) return "drawn at random: the model has not learned yet";
  const ScoredLabel &first = item.scores[0], &second = item.scores[1];
  constexpr float kClear = 0.5f;  // margin from which one label is preferred
  if (first.second - second.second > kClear) {
    return fmt::format("the model would say {} ({})", first.first, ShareText(first.second));
  }
  return fmt::format("the model wavers between {} ({}) and {} ({})", first.first, ShareText(first.second), second.first,
                     ShareText(second.second));
}

std::vector<ItemGroup> ReviewSet::GroupsLocked(GroupBy by, size_t limit, const std::string& reviewer) {
  const Clock::time_point now = Clock::now();
  std::map<size_t, std::vector<size_t>> members;
  const size_t labels = fitted_->num_labels;
  if (by == GroupBy::kSuggestion && fitted_->probabilities.empty()) return {};
  const auto row = [&](size_t item)
                       REQUIRES(mutex_) { return std::span(fitted_->probabilities).subspan(item * labels, labels); };
  for (size_t i = 0; i < total(); ++i) {
    // Texts for audits are labelled blind, one by one.
    if (state_.item(i).label >= 0 || is_audit_[i] || state_.IsTaken(i, reviewer, now)) continue;
    if (by == GroupBy::kDuplicates) {
      members[prepared_->duplicate_of[i]].push_back(i);
    } else if (const auto best = std::ranges::max_element(row(i)); *best >= kConfident) {
      members[static_cast<size_t>(best - row(i).begin())].push_back(i);
    }
  }
  std::vector<std::pair<size_t, std::vector<size_t>>> sorted;
  for (auto& [key, items] : members) {
    if (items.size() > 1) sorted.emplace_back(key, std::move(items));
  }
  std::ranges::stable_sort(sorted, std::greater(), [](const auto& group) { return group.second.size(); });
  if (sorted.size() > limit) sorted.resize(limit);
  std::vector<ItemGroup> groups;
  for (auto& [key, items] : sorted) {
    ItemGroup group{.id = key, .label = {}, .size = items.size(), .items = {}};
    if (by == GroupBy::kSuggestion) {
      group.label = state_.labels()[key];
      std::ranges::stable_sort(items, std::greater(), [&](size_t item) REQUIRES(mutex_) { return row(item)[key]; });
    }
    if (items.size() > kMostOfGroup) items.resize(kMostOfGroup);
    for (const size_t item : items) {
      state_.Lease(item, reviewer, now);
      group.items.push_back(ItemLocked(item, Queue::kMixed));
    }
    // A group of near-duplicates has the label that is suggested for its first text.
    if (by == GroupBy::kDuplicates && group.items.front().suggestion) {
      group.label = group.items.front().suggestion->first;
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<ItemGroup> ReviewSet::Groups(GroupBy by, size_t limit, const std::string& reviewer) {
  const MutexLock lock(mutex_);
  if (!prepared_) return {};
  return GroupsLocked(by, limit, reviewer);
}

}  // namespace winnow
