// Any bytes as a data file of a workspace, with changes of its rows: what was written has exactly the rows that it
// should have, as they are read from the old and from the new file. And the preview and the summary of the file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "input_bytes.h"
#include "input_files.h"
#include "workspace/change_rows.h"
#include "workspace/data_preview.h"
#include "workspace/data_reader.h"
#include "workspace/data_scan.h"
#include "workspace/data_summary.h"

namespace {

struct Row {
  std::string text;
  std::vector<std::string> labels;
  bool operator==(const Row&) const = default;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const winnow::MemoryDirectory kDirectory;
  static const std::function<bool()> kNever = [] { return false; };
  constexpr const char* kEndings[] = {".csv", ".tsv", ".jsonl", ".json", ".txt", ".ftz"};
  constexpr const char* kFormats[] = {"", "", "", "csv", "tsv", "jsonl", "json", "fasttext", "lines"};
  constexpr const char* kLabels[] = {"spam", "ham", "a b", "a,b", "\"", "é", "1"};
  winnow::InputBytes input(data, size);
  const std::string ending = input.OneOf(kEndings);
  winnow::ReadOptions options;
  options.format.format = input.OneOf(kFormats);
  if (input.Below(4) == 1) options.format.delimiter = std::string(1, ",;|\t"[input.Below(4)]);
  if (input.Below(4) == 1) options.format.no_header = true;
  winnow::RowChanges changes;
  for (size_t count = input.Below(4); count > 0; --count) changes.removed.insert(input.Below(8));
  for (size_t count = input.Below(4); count > 0; --count) {
    const size_t row = input.Below(8);
    std::vector<std::string>& labels = changes.labels[row];
    for (size_t each = input.Below(3); each > 0; --each) labels.emplace_back(input.OneOf(kLabels));
  }
  const std::filesystem::path before = kDirectory.path() / ("before" + ending),
                              after = kDirectory.path() / ("after" + ending);
  kDirectory.Write("before" + ending, input.Rest());
  static_cast<void>(winnow::PreviewOf(before, options, {}, 5));
  winnow::DataReader reader;
  static_cast<void>(winnow::SummaryOf(reader, {.file = before, .version = "1", .options = options, .stopped = kNever}));

  std::vector<std::pair<size_t, Row>> expected, found;
  const auto take_into = [](std::vector<std::pair<size_t, Row>>& rows) {
    return [&rows](const winnow::DataRow& row) {
      rows.emplace_back(row.row, Row{std::string(row.text), {row.labels.begin(), row.labels.end()}});
      return true;
    };
  };
  if (!winnow::WriteChangedRows(before, options, changes, after, kNever)) return 0;
  if (!winnow::VisitRowsOfFile(before, options, take_into(expected))) std::abort();
  std::erase_if(expected, [&](const auto& row) { return changes.removed.contains(row.first); });
  if (expected.empty()) return 0;  // without rows, a file is no data file any more
  if (!winnow::VisitRowsOfFile(after, options, take_into(found))) std::abort();
  if (found.size() != expected.size()) std::abort();
  for (size_t i = 0; i < found.size(); ++i) {
    Row& row = expected[i].second;
    if (const auto changed = changes.labels.find(expected[i].first); changed != changes.labels.end()) {
      row.labels = changed->second;
      std::ranges::sort(row.labels);
      std::ranges::sort(found[i].second.labels);
    }
    if (!(row == found[i].second)) std::abort();
  }
  return 0;
}
