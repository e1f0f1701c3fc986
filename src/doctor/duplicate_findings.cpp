#include "doctor/duplicate_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace winnow {
namespace {

using Labels = std::vector<int32_t>;

/// The first text with the same key, of each text.
std::vector<size_t> KeyGroups(const DuplicateGroups& groups) {
  std::vector<size_t> first(groups.group_of.size());
  for (size_t t = 0; t < first.size(); ++t) first[t] = t;
  // Links are in the order of their texts, and lead to earlier ones.
  for (const DuplicateLink& link : groups.links) {
    if (link.likeness != Likeness::kNear) first[link.text] = first[link.other];
  }
  return first;
}

/// Returns the texts of each group that has more than one.
std::vector<std::vector<size_t>> Members(const std::vector<size_t>& group_of) {
  std::vector<std::vector<size_t>> members(group_of.size());
  for (size_t t = 0; t < group_of.size(); ++t) members[group_of[t]].push_back(t);
  std::erase_if(members, [](const std::vector<size_t>& texts) { return texts.size() < 2; });
  return members;
}

/// The majority label of a group of texts; no `winner` if two labels are tied.
struct Vote {
  bool all_agree = true;
  std::optional<Labels> winner;
};

class Duplicates {
 public:
  Duplicates(const Dataset& dataset, const std::vector<DataPart>& parts, const DuplicateGroups& groups, double near)
      : dataset_(dataset), parts_(parts), groups_(groups), near_(near), taken_(parts.size(), 0) {}

  std::vector<Finding> Find() {
    const std::vector<std::vector<size_t>> same = Members(KeyGroups(groups_));
    const std::vector<std::vector<size_t>> alike = Members(groups_.group_of);
    for (const auto& group : same) Leaks(group);
    for (const auto& group : same) Conflicts(group);
    for (const auto& group : alike) NearLeaks(group);
    NearConflicts(alike);
    for (const auto& group : same) Repeats(group);
    NearRepeats();
    SortFindings(findings_);
    return std::move(findings_);
  }

 private:
  const Labels& LabelsOf(size_t text) const { return dataset_.examples[text].labels; }

  void Add(FindingKind kind, size_t text, std::string suggested, double score, std::string note) {
    if (taken_[text] != 0) return;
    taken_[text] = 1;
    findings_.push_back({.kind = kind,
                         .text = text,
                         .label = LabelText(dataset_.labels, LabelsOf(text)),
                         .suggested = std::move(suggested),
                         .score = score,
                         .note = std::move(note)});
  }

  std::string Elsewhere(size_t text) const {
    return fmt::format("{} ({})", PlaceText(dataset_.examples[text]), LabelText(dataset_.labels, LabelsOf(text)));
  }

  /// The latest part that a group is in: what is in an earlier one as well is a leak.
  DataPart LastPart(std::span<const size_t> group) const {
    DataPart last = DataPart::kTrain;
    for (const size_t t : group) last = std::max(last, parts_[t]);
    return last;
  }

  void Leaks(const std::vector<size_t>& group) {
    const DataPart last = LastPart(group);
    if (last == DataPart::kTrain) return;
    const size_t held_out = *std::ranges::find(group, last, [&](size_t t) { return parts_[t]; });
    for (const size_t t : group) {
      if (parts_[t] < last) Add(FindingKind::kLeak, t, std::string(kDropFix), 1, "also in " + Elsewhere(held_out));
    }
  }

  /// Members of a group are compared with its held-out ones, each pair: what links join may be less alike.
  void NearLeaks(const std::vector<size_t>& group) {
    constexpr size_t kCompared = 16;
    const DataPart last = LastPart(group);
    if (last == DataPart::kTrain) return;
    std::vector<std::pair<size_t, std::vector<uint32_t>>> held_out;
    for (const size_t t : group) {
      if (parts_[t] == last && held_out.size() < kCompared)
        held_out.emplace_back(t, Shingles(dataset_.examples[t].text));
    }
    for (const size_t t : group) {
      if (parts_[t] == last || taken_[t] != 0) continue;
      const std::vector<uint32_t> own = Shingles(dataset_.examples[t].text);
      for (const auto& [other, shingles] : held_out) {
        const double similarity = Jaccard(own, shingles);
        if (similarity < near_) continue;
        Add(FindingKind::kNearLeak, t, std::string(kDropFix), similarity,
            fmt::format("{:.0f} % similar: {}", 100 * similarity, Elsewhere(other)));
        break;
      }
    }
  }

  Vote VoteOf(std::span<const size_t> group) const {
    std::map<Labels, size_t> votes;
    for (const size_t t : group) ++votes[LabelsOf(t)];
    const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    const auto equal = std::ranges::count_if(votes, [&](const auto& vote) { return vote.second == best->second; });
    return {.all_agree = votes.size() == 1, .winner = equal == 1 ? std::optional(best->first) : std::nullopt};
  }

  void Conflicts(const std::vector<size_t>& group) {
    const Vote vote = VoteOf(group);
    if (vote.all_agree) return;
    const size_t first = group[0];
    const size_t unlike_first = *std::ranges::find_if(group, [&](size_t o) { return LabelsOf(o) != LabelsOf(first); });
    for (const size_t t : group) {
      if (vote.winner && LabelsOf(t) == *vote.winner) continue;
      const size_t other = LabelsOf(t) == LabelsOf(first) ? unlike_first : first;
      Add(FindingKind::kConflict, t, vote.winner ? LabelText(dataset_.labels, *vote.winner) : "", vote.winner ? 1 : 0.5,
          fmt::format("identical text: {}{}", Elsewhere(other),
                      group.size() > 2 ? fmt::format(", one of {} copies", group.size()) : ""));
    }
  }

  void NearConflicts(const std::vector<std::vector<size_t>>& alike) {
    std::map<size_t, Vote> votes;
    for (const auto& group : alike) votes.emplace(group[0], VoteOf(group));
    for (const DuplicateLink& link : groups_.links) {
      if (link.likeness != Likeness::kNear || LabelsOf(link.text) == LabelsOf(link.other)) continue;
      const Vote& vote = votes.at(groups_.group_of[link.text]);
      const bool other_lost = vote.winner && LabelsOf(link.text) == *vote.winner;
      const size_t loser = other_lost ? link.other : link.text;
      Add(FindingKind::kNearConflict, loser, vote.winner ? LabelText(dataset_.labels, *vote.winner) : "",
          link.similarity,
          fmt::format("{:.0f} % similar: {}", 100 * link.similarity, Elsewhere(other_lost ? link.text : link.other)));
    }
  }

  /// Keeps the first of the identical texts with equal part and label, and reports the others.
  void Repeats(const std::vector<size_t>& group) {
    std::map<std::pair<DataPart, Labels>, size_t> firsts;
    for (const size_t t : group) {
      const auto [first, fresh] = firsts.emplace(std::pair(parts_[t], LabelsOf(t)), t);
      if (fresh) continue;
      const Example& other = dataset_.examples[first->second];
      const bool exact = other.text == dataset_.examples[t].text;
      Add(FindingKind::kDuplicate, t, std::string(kDropFix), exact ? 1 : 0.9,
          (exact ? "identical to " : "identical, except for case and spaces, to ") + PlaceText(other));
    }
  }

  /// A near link is told of its later text; of the earlier one where the later has a finding of its own from another
  /// link, so that of a group of n texts n - 1 are told of, and dropping those leaves one.
  void NearRepeats() {
    for (const DuplicateLink& link : groups_.links) {
      if (link.likeness != Likeness::kNear) continue;
      const bool told = taken_[link.text] != 0;
      if (told && groups_.group_of[link.other] == link.other) continue;  // the first of a group stays
      if (parts_[link.text] != parts_[link.other] || LabelsOf(link.text) != LabelsOf(link.other)) continue;
      Add(FindingKind::kNearDuplicate, told ? link.other : link.text, "", link.similarity,
          fmt::format("{:.0f} % similar: {}", 100 * link.similarity,
                      PlaceText(dataset_.examples[told ? link.text : link.other])));
    }
  }

  const Dataset& dataset_;
  const std::vector<DataPart>& parts_;
  const DuplicateGroups& groups_;
  const double near_;
  std::vector<char> taken_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> FindDuplicateFindings(const Dataset& dataset, const std::vector<DataPart>& parts,
                                           const DuplicateGroups& groups, double near) {
  return Duplicates(dataset, parts, groups, near).Find();
}

}  // namespace winnow
