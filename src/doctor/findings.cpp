#include "doctor/findings.h"

#include <algorithm>
#include <tuple>

namespace winnow {
namespace {

struct Names {
  std::string_view name, heading;
};

constexpr std::array<Names, kFindingKinds> kNames = {{
    {"similar labels", "labels with similar names"},
    {"leak", "training texts that also occur in a held-out part"},
    {"conflict", "identical texts with different labels"},
    {"label error", "probable label errors"},
    {"near leak", "training texts with near-duplicates in a held-out part"},
    {"near conflict", "near-duplicates with different labels"},
    {"duplicate", "duplicate texts"},
    {"near duplicate", "near-duplicate texts"},
    {"encoding", "encoding errors"},
    {"script", "rare scripts"},
    {"nearly empty", "texts of at most one letter or digit"},
    {"length", "unusual lengths"},
    {"small class", "labels with few texts"},
    {"one-text class", "labels dominated by one text"},
    {"unequal classes", "class imbalance"},
}};

}  // namespace

std::string_view FindingName(FindingKind kind) { return kNames[static_cast<size_t>(kind)].name; }
std::string_view FindingHeading(FindingKind kind) { return kNames[static_cast<size_t>(kind)].heading; }

std::string LabelText(const LabelSet& labels, std::span<const int32_t> ids) {
  if (ids.empty()) return std::string(kNoLabels);
  std::string text;
  for (const int32_t id : ids) text += (text.empty() ? "" : "; ") + labels.names[static_cast<size_t>(id)];
  return text;
}

std::string PlaceText(const Example& example) { return example.file + ":" + std::to_string(example.row); }

void SortFindings(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, {}, [](const Finding& finding) {
    return std::tuple(finding.kind, -finding.score, finding.text.value_or(0));
  });
}

std::array<size_t, kFindingKinds> CountFindings(std::span<const Finding> findings) {
  std::array<size_t, kFindingKinds> counts{};
  for (const Finding& finding : findings) ++counts[static_cast<size_t>(finding.kind)];
  return counts;
}

}  // namespace winnow
