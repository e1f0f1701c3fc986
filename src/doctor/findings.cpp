#include "doctor/findings.h"

#include <algorithm>
#include <tuple>

namespace winnow {
namespace {

struct Names {
  std::string_view name, heading;
};

constexpr std::array<Names, kFindingKinds> kNames = {{
    {"similar labels", "labels that look like one"},
    {"leak", "training texts that are also held out"},
    {"conflict", "texts with several labels"},
    {"label error", "labels that are probably wrong"},
    {"near leak", "training texts that are almost held-out ones"},
    {"near conflict", "almost the same text, another label"},
    {"duplicate", "texts that come again"},
    {"near duplicate", "texts that come again in almost the same words"},
    {"encoding", "characters that an encoding has broken"},
    {"script", "scripts that hardly any text has"},
    {"nearly empty", "texts of no more than a letter or digit"},
    {"length", "lengths far from the others'"},
    {"small class", "classes of few texts"},
    {"one-text class", "classes that are mostly one text"},
    {"unequal classes", "one class is nearly all"},
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
