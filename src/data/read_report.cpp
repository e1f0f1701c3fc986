#include "data/read_report.h"

#include <algorithm>

#include "base/json.h"
#include "base/progress.h"
#include "base/suggest.h"
#include "data/labels.h"

namespace winnow {
namespace {

constexpr std::array<std::string_view, kDropReasons> kTexts = {"unreadable", "empty text", "no label", "unknown label",
                                                               "filtered out"};
constexpr std::array<const char*, kDropReasons> kKeys = {"unreadable", "empty_text", "no_label", "unknown_label",
                                                         "filtered"};

std::string Count(size_t count) { return FormatCount(static_cast<int64_t>(count)); }

std::string Counts(const std::map<std::string, size_t>& counts, size_t limit) {
  std::vector<std::pair<std::string, size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < sorted.size() && i < limit; ++i) {
    text += (i > 0 ? ", " : "") + sorted[i].first + " " + Count(sorted[i].second);
  }
  if (sorted.size() > limit) text += " and " + std::to_string(sorted.size() - limit) + " more";
  return text;
}

/// The labels that were not expected, and for a few of them the known label that may be meant.
std::string UnknownLabelsText(const ReadReport& report) {
  constexpr size_t kSuggestions = 3, kShortest = 3;
  std::string text = "unknown labels: " + Counts(report.unknown_labels, 20) + " (" + report.labels_source + ": " +
                     SomeNames(report.known_labels) + ")";
  const size_t texts = report.unknown_label_texts;
  if (texts > 0 && report.unknown_labels_are_errors) {
    text += "; " + Count(texts) + (texts == 1 ? " text with such a label counts" : " texts with such labels count") +
            (texts == 1 ? " as an error" : " as errors") + " (--unknown-labels)";
  }
  text += "\n";
  size_t suggested = 0;
  for (const auto& [name, count] : report.unknown_labels) {
    const std::string suggestion = name.size() < kShortest ? "" : DidYouMean(name, report.known_labels, "");
    if (suggestion.empty() || ++suggested > kSuggestions) continue;
    text += "  label '" + name + "': " + suggestion + "\n";
  }
  return text;
}

}  // namespace

std::string_view DropReasonText(DropReason reason) { return kTexts[static_cast<size_t>(reason)]; }

size_t ReadReport::rows() const {
  size_t sum = 0;
  for (const FileReport& file : files) sum += file.rows;
  return sum;
}

size_t ReadReport::kept() const {
  size_t sum = 0;
  for (const FileReport& file : files) sum += file.kept;
  return sum;
}

size_t ReadReport::Dropped(DropReason reason) const {
  size_t sum = 0;
  for (const FileReport& file : files) sum += file.Dropped(reason);
  return sum;
}

std::string ReadReport::Text() const {
  std::string text;
  for (const FileReport& file : files) {
    text += file.file + ": " + file.description + (file.gzip ? ", gzip" : "") + "; " + Count(file.rows) + " rows, " +
            Count(file.kept) + " kept";
    const char* separator = "; dropped: ";
    for (size_t i = 0; i < kDropReasons; ++i) {
      if (file.dropped[i] == 0) continue;
      text += separator + Count(file.dropped[i]) + " " + std::string(kTexts[i]);
      separator = ", ";
    }
    text += "\n";
    if (file.invalid_bytes > 0) {
      text +=
          "  " + std::to_string(file.invalid_bytes) + " bytes are not UTF-8 (the first near line " +
          std::to_string(file.first_invalid_line) +
          ") and were replaced by U+FFFD; if the file is in another encoding, specify it, such as --encoding windows-1252\n";
    }
    for (const std::string& note : file.notes) text += "  " + note + "\n";
    if (file.texts_with_nul > 0) text += "  " + std::to_string(file.texts_with_nul) + " texts contain NUL characters\n";
  }
  for (const std::string& example : examples) text += "  " + example + "\n";
  if (!unknown_labels.empty()) text += UnknownLabelsText(*this);
  for (const std::string& warning : warnings) text += "warning: " + warning + "\n";
  if (!label_counts.empty()) text += "labels: " + Counts(label_counts, 20) + "\n";
  return text;
}

Json ReadReport::ToJson() const {
  Json json;
  json["rows"] = rows();
  json["kept"] = kept();
  for (size_t i = 0; i < kDropReasons; ++i) json["dropped"][kKeys[i]] = Dropped(static_cast<DropReason>(i));
  json["label_counts"] = label_counts;
  json["unknown_labels"] = unknown_labels;
  json["unknown_label_texts"] = unknown_label_texts;
  json["files"] = Json::array();
  for (const FileReport& file : files) {
    Json entry;
    entry["file"] = file.file;
    entry["format"] = file.description;
    entry["gzip"] = file.gzip;
    entry["text_field"] = file.text_field;
    entry["label_fields"] = file.label_fields;
    entry["rows"] = file.rows;
    entry["kept"] = file.kept;
    for (size_t i = 0; i < kDropReasons; ++i) entry["dropped"][kKeys[i]] = file.dropped[i];
    entry["invalid_bytes"] = file.invalid_bytes;
    entry["notes"] = file.notes;
    entry["texts_with_nul"] = file.texts_with_nul;
    json["files"].push_back(std::move(entry));
  }
  json["warnings"] = warnings;
  json["examples"] = examples;
  // A file's name need not be UTF-8, and dump() must not throw over it.
  return json;
}

}  // namespace winnow
