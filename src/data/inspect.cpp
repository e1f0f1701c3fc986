#include "data/inspect.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "data/nearest_rank.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

struct Block {
  char32_t first, last;
  size_t script;
};

constexpr std::array<std::string_view, 14> kScripts = {"Latin",  "Greek",      "Cyrillic", "Armenian", "Hebrew",
                                                       "Arabic", "Devanagari", "Bengali",  "Tamil",    "Thai",
                                                       "Hangul", "Kana",       "Han",      "other"};
constexpr size_t kOther = kScripts.size() - 1;

// Unicode's Blocks.txt, those of letters in wide use; in ascending order.
constexpr std::array<Block, 34> kBlocks = {{
    {0x41, 0x5A, 0},          {0x61, 0x7A, 0},        {0xC0, 0xD6, 0},         {0xD8, 0xF6, 0},
    {0xF8, 0x24F, 0},         {0x370, 0x3FF, 1},      {0x400, 0x52F, 2},       {0x530, 0x58F, 3},
    {0x590, 0x5FF, 4},        {0x600, 0x6FF, 5},      {0x750, 0x77F, 5},       {0x8A0, 0x8FF, 5},
    {0x900, 0x97F, 6},        {0x980, 0x9FF, 7},      {0xA00, 0xB7F, kOther},  {0xB80, 0xBFF, 8},
    {0xC00, 0xDFF, kOther},   {0xE00, 0xE7F, 9},      {0xE80, 0x10FF, kOther}, {0x1100, 0x11FF, 10},
    {0x1200, 0x1CFF, kOther}, {0x1E00, 0x1EFF, 0},    {0x1F00, 0x1FFF, 1},     {0x3040, 0x30FF, 11},
    {0x3130, 0x318F, 10},     {0x31F0, 0x31FF, 11},   {0x3400, 0x4DBF, 12},    {0x4E00, 0x9FFF, 12},
    {0xA000, 0xABFF, kOther}, {0xAC00, 0xD7AF, 10},   {0xF900, 0xFAFF, 12},    {0xFB50, 0xFEFC, 5},
    {0xFF21, 0xFF5A, 0},      {0x20000, 0x323AF, 12},
}};

/// kScripts.size() for what is no letter.
size_t ScriptOf(char32_t c) {
  const auto block = std::ranges::upper_bound(kBlocks, c, {}, &Block::first);
  if (block == kBlocks.begin() || c > std::prev(block)->last) return kScripts.size();
  return std::prev(block)->script;
}

std::vector<std::pair<std::string, size_t>> MostFrequentFirst(const std::map<std::string, size_t>& counts) {
  std::vector<std::pair<std::string, size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::string Share(size_t part, size_t whole) {
  const size_t tenths = whole == 0 ? 0 : (part * 1000 + whole / 2) / whole;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

}  // namespace

std::string_view DominantScript(std::string_view text) {
  std::array<size_t, kScripts.size()> counts{};
  for (size_t i = 0; i < text.size();) {
    const size_t script = ScriptOf(NextCodePoint(text, i));
    if (script < counts.size()) ++counts[script];
  }
  const auto most = std::ranges::max_element(counts);
  return *most == 0 ? std::string_view("none") : kScripts[static_cast<size_t>(most - counts.begin())];
}

DataInspection Inspect(const Dataset& dataset) {
  DataInspection found;
  found.texts = dataset.examples.size();
  found.multi_label = dataset.multi_label;
  std::map<std::string, size_t> labels;
  std::map<std::string, size_t> scripts;
  std::vector<size_t> lengths;
  for (const std::string& name : dataset.labels.names) labels[name] = 0;
  for (const Example& example : dataset.examples) {
    for (const int32_t id : example.labels) ++labels[dataset.labels.names[static_cast<size_t>(id)]];
    if (example.labels.empty()) ++found.unlabelled;
    ++scripts[std::string(DominantScript(example.text))];
    lengths.push_back(CountCodePoints(example.text));
  }
  found.labels = MostFrequentFirst(labels);
  found.scripts = MostFrequentFirst(scripts);
  std::ranges::sort(lengths);
  found.chars_p50 = NearestRank(lengths, 50);
  found.chars_p95 = NearestRank(lengths, 95);
  found.chars_max = lengths.empty() ? 0 : lengths.back();
  Dataset copy = dataset;
  found.duplicates = Deduplicate(copy);
  return found;
}

std::string DataInspection::Text() const {
  constexpr size_t kShown = 20;
  std::string text = "texts: " + std::to_string(texts) + (multi_label ? ", each with any number of labels" : "") + "\n";
  text += "labels: " + std::to_string(labels.size()) + "\n";
  for (size_t i = 0; i < labels.size() && i < kShown; ++i) {
    text +=
        "  " + labels[i].first + "  " + std::to_string(labels[i].second) + "  " + Share(labels[i].second, texts) + "\n";
  }
  if (labels.size() > kShown) {
    text += "  and " + std::to_string(labels.size() - kShown) + " more labels; the rarest is '" + labels.back().first +
            "' with " + std::to_string(labels.back().second) + (labels.back().second == 1 ? " text\n" : " texts\n");
  }
  if (unlabelled > 0) text += "  none  " + std::to_string(unlabelled) + "  " + Share(unlabelled, texts) + "\n";
  text += "characters: " + std::to_string(chars_p50) + " median, " + std::to_string(chars_p95) + " 95th percentile, " +
          std::to_string(chars_max) + " maximum\n";
  text += "scripts:";
  for (size_t i = 0; i < scripts.size(); ++i) {
    text += (i > 0 ? ", " : " ") + scripts[i].first + " " + Share(scripts[i].second, texts);
  }
  text += "\nduplicates: " + std::to_string(duplicates.exact) + " exact, " + std::to_string(duplicates.normalised) +
          " identical except for case and spaces\n";
  text += "texts with conflicting labels: " + std::to_string(duplicates.conflicting_groups) + "\n";
  for (const std::string& example : duplicates.examples) text += "  " + example + "\n";
  return text;
}

Json DataInspection::ToJson() const {
  Json json;
  json["texts"] = texts;
  json["multi_label"] = multi_label;
  json["labels"] = Json::object();
  for (const auto& [name, count] : labels) json["labels"][name] = count;
  json["unlabelled"] = unlabelled;
  json["chars"] = {{"p50", chars_p50}, {"p95", chars_p95}, {"max", chars_max}};
  json["scripts"] = Json::object();
  for (const auto& [name, count] : scripts) json["scripts"][name] = count;
  json["duplicates"] = duplicates.ToJson();
  return json;
}

}  // namespace winnow
