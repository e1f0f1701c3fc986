/// The rows of a data file in memory, for pages and searches that answer at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "workspace/data_row.h"

namespace winnow {

/// Thread-safe once it is built.
class RowTable {
 public:
  void Add(const DataRow& row);
  size_t size() const { return rows_.size(); }
  DataRow operator[](size_t i) const;
  /// Returns about how much memory the table takes.
  size_t bytes() const { return texts_.capacity() + rows_.capacity() * sizeof(Entry) + label_bytes_; }

 private:
  struct Entry {
    uint64_t begin;   // of the text
    uint32_t length;  // of the text, at most TextStream::kMaxRecordBytes
    uint32_t labels;  // place in label_lists_
    uint64_t row;
  };

  std::string texts_;
  std::vector<Entry> rows_;
  std::vector<std::vector<std::string>> label_lists_;
  std::map<std::vector<std::string>, uint32_t> list_of_;
  size_t label_bytes_ = 0;
};

/// Reads a file into a table. Returns null if it would take more than `most_bytes`, or once `stopped` returns true.
/// Errors: those of DataScan.
Result<std::shared_ptr<const RowTable>> ReadRowTable(const std::filesystem::path& file, const ReadOptions& options,
                                                     size_t most_bytes, const std::function<bool()>& stopped);

}  // namespace winnow
