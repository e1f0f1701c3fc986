#include "workspace/row_table.h"

#include "workspace/data_scan.h"

namespace winnow {

void RowTable::Add(const DataRow& row) {
  std::vector<std::string> labels(row.labels.begin(), row.labels.end());
  auto found = list_of_.find(labels);
  if (found == list_of_.end()) {
    for (const std::string& label : labels) label_bytes_ += 2 * (label.size() + sizeof label);
    label_bytes_ += 128;
    label_lists_.push_back(labels);
    found = list_of_.emplace(std::move(labels), static_cast<uint32_t>(label_lists_.size() - 1)).first;
  }
  rows_.push_back({.begin = texts_.size(),
                   .length = static_cast<uint32_t>(row.text.size()),
                   .labels = found->second,
                   .row = row.row});
  texts_ += row.text;
}

DataRow RowTable::operator[](size_t i) const {
  const Entry& entry = rows_[i];
  return {.row = entry.row,
          .text = std::string_view(texts_).substr(entry.begin, entry.length),
          .labels = label_lists_[entry.labels]};
}

Result<std::shared_ptr<const RowTable>> ReadRowTable(const std::filesystem::path& file, const ReadOptions& options,
                                                     size_t most_bytes, const std::function<bool()>& stopped) {
  auto table = std::make_shared<RowTable>();
  bool whole = true;
  size_t count = 0;
  TRY(VisitRowsOfFile(file, options, [&](const DataRow& row) {
    table->Add(row);
    whole = table->bytes() <= most_bytes && (++count % 1024 != 0 || !stopped());
    return whole;
  }));
  return whole ? table : nullptr;
}

}  // namespace winnow
