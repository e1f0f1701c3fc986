#include "workspace/data_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "workspace/client_words.h"
#include "workspace/data_scan.h"

namespace winnow {
namespace {

std::string KeyOf(const DataSource& source) {
  const ReadOptions& read = source.options;
  const FormatOptions& format = read.format;
  std::string key = source.file.string();
  for (const std::string& part :
       {source.version, format.format, format.delimiter, format.quoting, format.encoding,
        std::string(format.no_header ? "no-header" : ""), read.text_field, read.label_field}) {
    key += '\0';
    key += part;
  }
  return key;
}

}  // namespace

std::shared_ptr<const RowTable> DataReader::Find(const std::string& key) {
  const auto found = std::ranges::find(kept_, key, &Kept::key);
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->table;
}

void DataReader::Keep(const std::string& key, std::shared_ptr<const RowTable> table) {
  kept_.push_front({key, std::move(table)});
  size_t bytes = 0;
  for (auto each = kept_.begin(); each != kept_.end();) {
    bytes += each->table->bytes();
    each = bytes > most_bytes_ ? kept_.erase(each) : std::next(each);
  }
}

/// Returns the rows, or null if they are too many.
Result<std::shared_ptr<const RowTable>> DataReader::TableOf(const DataSource& source) {
  std::error_code error;
  if (std::filesystem::file_size(source.file, error) > most_bytes_ || error) return nullptr;
  const std::string key = KeyOf(source);
  {
    const MutexLock lock(mutex_);
    while (loading_.contains(key)) loaded_.Wait(mutex_);
    if (std::shared_ptr<const RowTable> table = Find(key)) return table;
    loading_.insert(key);
  }
  Result<std::shared_ptr<const RowTable>> table =
      ReadRowTable(source.file, source.options, most_bytes_, source.stopped);
  const MutexLock lock(mutex_);
  loading_.erase(key);
  if (table && *table) Keep(key, *table);
  loaded_.NotifyAll();
  return table;
}

Result<void> DataReader::VisitRows(const DataSource& source, const std::function<bool(const DataRow& row)>& take) {
  const Result<std::shared_ptr<const RowTable>> table = TableOf(source);
  if (!table) return std::unexpected(ForClients(table.error(), source.file));
  bool stopped = false;
  size_t count = 0;
  const auto visit = [&](const DataRow& row) {
    if (++count % 1024 == 0) stopped = source.stopped();
    return !stopped && take(row);
  };
  if (*table) {
    for (size_t i = 0; i < (*table)->size() && visit((**table)[i]); ++i) {
    }
  } else if (!source.stopped()) {
    const Result<void> visited = VisitRowsOfFile(source.file, source.options, visit);
    if (!visited) return std::unexpected(ForClients(visited.error(), source.file));
  } else {
    stopped = true;
  }
  if (stopped) return Fail(ErrorCode::kCancelled, "nobody waits for the result any more");
  return {};
}

}  // namespace winnow
