#include "workspace/data_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "base/ascii.h"
#include "data/label_warnings.h"
#include "data/nearest_rank.h"
#include "text/duplicate_key.h"
#include "text/text_parts.h"
#include "workspace/client_words.h"

namespace winnow {
namespace {

constexpr size_t kMaxTextCharacters = 10'000;  // of a text in a page
constexpr size_t kFewTexts = 20;               // of a label, with which it can hardly be learned
constexpr size_t kMostLabels = 1000;           // in an answer

/// The numbers of a file while its rows are read.
class Counter {
 public:
  void Add(const DataRow& row) {
    ++texts_;
    multi_label_ |= row.labels.size() > 1;
    if (row.labels.empty()) ++unlabelled_;
    for (const std::string& label : row.labels) ++labels_[label];
    if (IsBlank(row.text)) {
      ++empty_;
      return;
    }
    lengths_.push_back(static_cast<uint32_t>(CountCodePoints(row.text)));
    // By a hash of 64 bits: among ten million texts two are equal by chance once in three hundred thousand files.
    const uint64_t key = std::hash<std::string>()(DuplicateKey(row.text));
    const uint64_t labels = std::accumulate(
        row.labels.begin(), row.labels.end(), uint64_t{row.labels.size()},
        [](uint64_t sum, const std::string& label) { return sum * 31 + std::hash<std::string>()(label); });
    keys_.emplace_back(key, labels);
  }

  Json ToJson(const DataSource& source) {
    std::ranges::sort(lengths_);
    std::ranges::sort(keys_);
    for (size_t i = 1; i < keys_.size(); ++i) {
      if (keys_[i].first != keys_[i - 1].first) continue;
      ++duplicates_;
      if (keys_[i].second != keys_[i - 1].second) ++conflicts_;
    }
    std::vector<std::pair<std::string, size_t>> sorted(labels_.begin(), labels_.end());
    std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
    Json labels = Json::array();
    for (size_t i = 0; i < std::min(sorted.size(), kMostLabels); ++i) {
      labels.push_back({{"label", sorted[i].first}, {"count", sorted[i].second}});
    }
    return {{"texts", texts_},
            {"labels", std::move(labels)},
            {"label_count", labels_.size()},
            {"unlabelled", unlabelled_},
            {"empty", empty_},
            {"duplicates", duplicates_},
            {"conflicts", conflicts_},
            {"length",
             {{"p50", NearestRank(lengths_, 50)},
              {"p95", NearestRank(lengths_, 95)},
              {"max", lengths_.empty() ? 0 : lengths_.back()}}},
            {"warnings", Warnings(sorted, source)}};
  }

 private:
  Json Warnings(const std::vector<std::pair<std::string, size_t>>& sorted, const DataSource& source) const {
    Json warnings = Json::array();
    if (texts_ > 0 && labels_.empty()) {
      warnings.push_back("No text has a label yet: a review adds labels, and a training needs them.");
    } else if (labels_.size() == 1) {
      warnings.push_back(fmt::format("All labelled texts have the label '{}'; a training needs at least two labels.",
                                     sorted.front().first));
    }
    const auto few = std::ranges::count_if(sorted, [](const auto& label) { return label.second < kFewTexts; });
    if (few > 0 && labels_.size() > 1) {
      warnings.push_back(fmt::format("{} with fewer than {} texts, such as '{}' with {}: these can hardly be learned.",
                                     few == 1 ? "There is a label" : fmt::format("There are {} labels", few), kFewTexts,
                                     sorted.back().first, sorted.back().second));
    }
    if (duplicates_ * 20 > texts_) {
      warnings.push_back(fmt::format("{} of {} texts are repetitions of others; a training uses each text once.",
                                     duplicates_, texts_));
    }
    if (conflicts_ > 0) {
      warnings.push_back(fmt::format("{} occur again with another label.",
                                     conflicts_ == 1 ? "One text" : fmt::format("{} texts", conflicts_)));
    }
    if (empty_ > 0) {
      warnings.push_back(fmt::format("{} without a text, which a training leaves out.",
                                     empty_ == 1 ? "There is a row" : fmt::format("There are {} rows", empty_)));
    }
    std::vector<std::string> names;
    for (const auto& [name, count] : sorted) names.push_back(name);
    for (std::string& warning : LabelWarnings(names, multi_label_)) {
      warnings.push_back(Sentence(std::move(warning), source.file));
    }
    return warnings;
  }

  size_t texts_ = 0, unlabelled_ = 0, empty_ = 0, duplicates_ = 0, conflicts_ = 0;
  bool multi_label_ = false;
  std::map<std::string, size_t> labels_;
  std::vector<uint32_t> lengths_;
  std::vector<std::pair<uint64_t, uint64_t>> keys_;  // hashes of a text and of its labels
};

bool Matches(const DataRow& row, const RowFilter& filter, const std::string& lower) {
  if (!filter.rows.empty() && !filter.rows.contains(row.row)) return false;
  if (filter.label) {
    if (filter.label->empty() ? !row.labels.empty()
                              : std::ranges::find(row.labels, *filter.label) == row.labels.end()) {
      return false;
    }
  }
  if (lower.empty()) return true;
  const auto equal = [](char a, char b) { return LowerAscii(a) == b; };
  return std::search(row.text.begin(), row.text.end(), lower.begin(), lower.end(), equal) != row.text.end();
}

}  // namespace

Json LabelJson(std::span<const std::string> labels) {
  if (labels.empty()) return {};
  std::string joined = labels.front();
  for (const std::string& label : labels.subspan(1)) joined += ", " + label;
  return joined;
}

Result<Json> SummaryOf(DataReader& reader, const DataSource& source) {
  Counter counter;
  TRY(reader.VisitRows(source, [&](const DataRow& row) {
    counter.Add(row);
    return true;
  }));
  return counter.ToJson(source);
}

Result<Json> RowsOf(DataReader& reader, const DataSource& source, const RowFilter& filter) {
  const std::string lower = LowerAscii(filter.contains);
  size_t total = 0;
  Json rows = Json::array();
  TRY(reader.VisitRows(source, [&](const DataRow& row) {
    if (!Matches(row, filter, lower)) return true;
    const size_t place = total++;
    if (place < filter.offset || rows.size() >= filter.limit) return true;
    const std::string_view text = FirstCodePoints(row.text, kMaxTextCharacters);
    Json json = {{"row", row.row}, {"text", text}, {"label", LabelJson(row.labels)}};
    if (row.labels.size() > 1) json["labels"] = Json(row.labels);
    if (text.size() < row.text.size()) json["cut"] = true;
    rows.push_back(std::move(json));
    return true;
  }));
  return Json{{"total", total}, {"rows", std::move(rows)}};
}

}  // namespace winnow
