/// Reading of the data files of a workspace for requests: the last few files are kept in memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "data/dataset.h"
#include "workspace/data_row.h"
#include "workspace/row_table.h"

namespace winnow {

/// A file in one version, read in one way.
struct DataSource {
  std::filesystem::path file;
  std::string version;
  ReadOptions options;
  std::function<bool()> stopped = [] { return false; };  ///< returns true once nobody waits for the result
};

/// Returns what tells the source from others.
std::string KeyOf(const DataSource& source);

/// Thread-safe.
class DataReader {
 public:
  /// `most_bytes`: memory for all files together; a larger file is read again by each call.
  explicit DataReader(size_t most_bytes = size_t{256} << 20) : most_bytes_(most_bytes) {}

  /// Calls `take` with each row, in order, until it returns false. Errors: those of DataScan, in the words of
  /// ForClients; kCancelled if `stopped` returned true.
  Result<void> VisitRows(const DataSource& source, const std::function<bool(const DataRow& row)>& take);

 private:
  struct Kept {
    std::string key;
    std::shared_ptr<const RowTable> table;
  };

  std::shared_ptr<const RowTable> Find(const std::string& key) REQUIRES(mutex_);
  void Keep(const std::string& key, std::shared_ptr<const RowTable> table) REQUIRES(mutex_);
  Result<std::shared_ptr<const RowTable>> TableOf(const DataSource& source);

  const size_t most_bytes_;
  Mutex mutex_;
  ConditionVariable loaded_;
  std::list<Kept> kept_ GUARDED_BY(mutex_);           // the last that was used comes first
  std::set<std::string> loading_ GUARDED_BY(mutex_);  // so that two requests do not read one file at the same time
};

}  // namespace winnow
