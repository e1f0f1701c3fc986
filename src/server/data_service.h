/// The data files of a server's workspace: their storage, the files that are kept in memory, and the threads that read
/// and write them, so that a large file delays nobody else.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/mutex.h"
#include "server/client_tasks.h"
#include "workspace/data_files.h"
#include "workspace/data_reader.h"

namespace winnow {

struct DataServiceOptions {
  uint64_t max_bytes = uint64_t{2048} * 1'000'000;  ///< maximum size of all data files of the workspace
};

/// Thread-safe.
class DataService {
 public:
  /// Opens WORKSPACE/data. `changed` receives the name of each file that appears, changes or goes, on the thread that
  /// did it; it must not block. Errors: those of DataFiles::Open.
  static Result<std::shared_ptr<DataService>> Open(const std::filesystem::path& workspace,
                                                   const DataServiceOptions& options,
                                                   std::function<void(const std::string& name)> changed = {});

  /// Returns the summary of a file (SummaryOf); the last ones are kept. Errors: those of SummaryOf.
  Result<Json> Summary(const DataSource& source);

  DataFiles& files() { return *files_; }
  DataReader& reader() { return reader_; }
  ClientTasks& reading() { return reading_; }
  ClientTasks& writing() { return writing_; }

  /// Returns true once the server ends, so that tasks stop.
  bool closing() const { return closing_; }
  /// Returns when all tasks have run.
  void Close();

 private:
  DataService() = default;

  std::atomic<bool> closing_ = false;
  std::unique_ptr<DataFiles> files_;
  DataReader reader_;
  Mutex mutex_;
  std::deque<std::pair<std::string, Json>> summaries_ GUARDED_BY(mutex_);  // by KeyOf, the newest last
  // One client uses all threads but one at most.
  ClientTasks reading_{/*threads=*/3, /*most_waiting=*/64};
  ClientTasks writing_{/*threads=*/2, /*most_waiting=*/64};
};

}  // namespace winnow
