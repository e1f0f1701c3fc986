#include "data/deduplicate.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/json.h"
#include "text/duplicate_key.h"

namespace winnow {
namespace {

constexpr size_t kMaxExamples = 10;

/// The labels that most rows of a group have; null where two sets of labels have equally many.
const std::vector<int32_t>* MajorityLabels(const Dataset& dataset, const std::vector<size_t>& group) {
  if (group.size() == 1) return &dataset.examples[group.front()].labels;  // most groups
  std::map<std::vector<int32_t>, size_t> votes;
  for (const size_t i : group) ++votes[dataset.examples[i].labels];
  const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
  const auto equal = std::ranges::count_if(votes, [&](const auto& vote) { return vote.second == best->second; });
  if (equal > 1) return nullptr;
  const auto holder = std::ranges::find_if(group, [&](size_t i) { return dataset.examples[i].labels == best->first; });
  return &dataset.examples[*holder].labels;
}

std::string LabelText(const Dataset& dataset, const Example& example) {
  std::string text;
  for (const int32_t id : example.labels) {
    if (id >= 0) text += (text.empty() ? "" : "+") + dataset.labels.names[static_cast<size_t>(id)];
  }
  for (const std::string& name : example.unknown_labels) text += (text.empty() ? "" : "+") + name;
  return text.empty() ? "(none)" : text;
}

std::string Conflict(const Dataset& dataset, const std::vector<size_t>& group) {
  std::string text;
  for (size_t i = 0; i < group.size() && i < 4; ++i) {
    const Example& example = dataset.examples[group[i]];
    text += (i > 0 ? "; " : "") + example.file + ":" + std::to_string(example.row) + " " + LabelText(dataset, example);
  }
  return group.size() > 4 ? text + "; ..." : text;
}

void KeepOnly(Dataset& dataset, const std::vector<char>& keep) {
  size_t kept = 0;
  for (size_t i = 0; i < keep.size(); ++i) {
    if (keep[i] == 0) continue;
    if (kept != i) dataset.examples[kept] = std::move(dataset.examples[i]);
    ++kept;
  }
  dataset.examples.resize(kept);
}

}  // namespace

DedupeReport Deduplicate(Dataset& dataset) {
  DedupeReport report;
  report.before = dataset.examples.size();
  std::unordered_map<std::string, size_t> group_of;
  group_of.reserve(dataset.examples.size());
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < dataset.examples.size(); ++i) {
    const auto [found, fresh] = group_of.emplace(DuplicateKey(dataset.examples[i].text), groups.size());
    if (fresh) groups.emplace_back();
    groups[found->second].push_back(i);
  }
  std::vector<char> keep(dataset.examples.size(), 0);
  for (const std::vector<size_t>& group : groups) {
    const std::vector<int32_t>* labels = MajorityLabels(dataset, group);
    const bool conflict = std::ranges::any_of(
        group, [&](size_t i) { return dataset.examples[i].labels != dataset.examples[group[0]].labels; });
    if (conflict) {
      ++report.conflicting_groups;
      if (report.examples.size() < kMaxExamples) report.examples.push_back(Conflict(dataset, group));
    }
    std::unordered_set<std::string_view> seen;
    bool kept = false;
    for (const size_t i : group) {
      const Example& example = dataset.examples[i];
      if (labels == nullptr || example.labels != *labels) {
        ++report.conflicting;
        continue;
      }
      const bool fresh = seen.insert(example.text).second;
      if (!kept) {
        keep[i] = 1;
        kept = true;
      } else {
        ++(fresh ? report.normalised : report.exact);
      }
    }
  }
  KeepOnly(dataset, keep);
  report.after = dataset.examples.size();
  return report;
}

size_t RemoveLeaks(Dataset& from, const Dataset& held_out) {
  std::unordered_set<std::string> keys;
  for (const Example& example : held_out.examples) keys.insert(DuplicateKey(example.text));
  std::vector<char> keep;
  keep.reserve(from.examples.size());
  for (const Example& example : from.examples) keep.push_back(keys.contains(DuplicateKey(example.text)) ? 0 : 1);
  const size_t before = from.examples.size();
  KeepOnly(from, keep);
  return before - from.examples.size();
}

std::string DedupeReport::Text() const {
  std::string text = "duplicates: " + std::to_string(before) + " texts, " + std::to_string(after) + " kept; dropped " +
                     std::to_string(exact) + " exact, " + std::to_string(normalised) +
                     " identical except for case and spaces, " + std::to_string(conflicting) +
                     " with conflicting labels\n";
  for (const std::string& example : examples) text += "  conflict: " + example + "\n";
  return text;
}

Json DedupeReport::ToJson() const {
  Json json;
  json["before"] = before;
  json["after"] = after;
  json["exact"] = exact;
  json["normalised"] = normalised;
  json["conflicting_groups"] = conflicting_groups;
  json["conflicting"] = conflicting;
  json["examples"] = examples;
  return json;
}

}  // namespace winnow
