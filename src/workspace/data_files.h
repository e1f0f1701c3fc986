/// The data files of a workspace: their list, uploads by pieces, their former versions and their trash.
///
/// A directory has the files themselves, and three hidden directories: .uploads (what is being received or rewritten),
/// .former/NAME/N (former versions, the newest with the greatest N), .trash/NAME (deleted files with their former
/// versions). A file appears or changes by one rename, so that who reads it reads the old or the new contents, and a
/// crash leaves one of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace winnow {

struct DataFilesOptions {
  std::filesystem::path directory = {};
  uint64_t max_bytes = uint64_t{2048} << 20;  ///< maximum size of all files, with former versions and the trash
  /// Receives the name of each file that appears, changes or goes, on the thread that did it.
  std::function<void(const std::string& name)> changed = {};
};

struct DataFile {
  std::string name;
  uint64_t bytes = 0;
  std::chrono::sys_time<std::chrono::milliseconds> modified;
  bool undo = false;    ///< true if there is a former version
  std::string version;  ///< changes with the contents
};

/// A piece of a file that is being uploaded.
struct UploadPiece {
  std::string name;
  std::string upload;        ///< tells the uploads of several clients apart
  uint64_t offset = 0;       ///< place of the piece in the file; 0 begins anew
  bool last = false;         ///< true if the file is complete with this piece
  bool replace = false;      ///< true if the file may take the place of one with the same name
  std::string version = {};  ///< version that the file to be replaced has; empty: any
  std::string_view bytes;
};

struct UploadProgress {
  enum class State { kStored, kComplete, kWrongOffset, kNoRoom };
  State state = State::kStored;
  uint64_t bytes = 0;   ///< size of what has been received so far
  std::string problem;  ///< for kNoRoom, the reason
  DataFile file;        ///< for kComplete, the file
};

/// Thread-safe. Messages of errors have names, no paths.
class DataFiles {
 public:
  /// Creates the directories; removes uploads older than a day, and what has been in the trash for 30 days. Errors:
  /// kIo.
  static Result<std::unique_ptr<DataFiles>> Open(DataFilesOptions options);

  struct Listing {
    std::vector<DataFile> files;  ///< in the order of their names
    size_t others = 0;            ///< entries of the directory with names that no data file may have
    uint64_t used_bytes = 0;      ///< with former versions and the trash
    uint64_t max_bytes = 0;
  };
  /// Errors: kIo.
  Result<Listing> List() const;
  /// Errors: kInvalidArgument for what is no name; kNotFound.
  Result<DataFile> Find(const std::string& name) const;
  /// Returns where the file lies. Errors: as above.
  Result<std::filesystem::path> PathOf(const std::string& name) const;

  /// Errors: kInvalidArgument; kExists if there is a file of that name, which is not to be replaced or has another
  /// version, and while another piece of the same upload is being stored; kIo.
  Result<UploadProgress> Store(const UploadPiece& piece);

  /// Writes a new file. Errors: kInvalidArgument, kExists, kIo (also if there is no room).
  Result<DataFile> Add(const std::string& name, std::string_view contents);

  /// Returns why there is no room for so many bytes more, or an empty text. Errors: kIo.
  Result<std::string> CheckRoom(uint64_t bytes) {
    const MutexLock lock(mutex_);
    return MakeRoom(bytes);
  }

  /// Returns the path of a file that does not exist yet, for new contents of a file of that name. Its owner removes it,
  /// or passes it to Replace.
  std::filesystem::path NewTemporary(const std::string& name);
  /// Makes a written temporary file, which is fsynced here, the contents of a file, whose former version is kept.
  /// Errors: kNotFound; kExists if the file has not that version any more; kIo.
  Result<DataFile> Replace(const std::string& name, const std::filesystem::path& temporary, const std::string& version);

  /// Moves a file to the trash, in the place of one of the same name. Errors: kInvalidArgument, kNotFound, kExists,
  /// kIo.
  Result<void> Delete(const std::string& name, const std::string& version);
  /// Brings a file back from the trash. Errors: kNotFound; kExists if there is one of that name again; kIo.
  Result<DataFile> Restore(const std::string& name);
  /// Brings the former version of a file back. Errors: kNotFound if there is none; kExists; kIo.
  Result<DataFile> Undo(const std::string& name, const std::string& version);

 private:
  explicit DataFiles(DataFilesOptions options) : options_(std::move(options)) {}

  std::filesystem::path At(const std::string& name) const { return options_.directory / name; }
  std::filesystem::path Former(const std::string& name) const { return options_.directory / ".former" / name; }
  std::filesystem::path Trash(const std::string& name) const { return options_.directory / ".trash" / name; }
  std::filesystem::path Uploads() const { return options_.directory / ".uploads"; }

  Result<DataFile> Describe(const std::string& name) const;
  Result<void> CheckVersion(const std::string& name, const std::string& version) const;
  Result<std::string> MakeRoom(uint64_t bytes) REQUIRES(mutex_);
  Result<UploadProgress> Write(const UploadPiece& piece, const std::filesystem::path& part);
  Result<DataFile> Install(const std::string& name, const std::filesystem::path& temporary) REQUIRES(mutex_);
  void Changed(const std::string& name) const {
    if (options_.changed) options_.changed(name);
  }

  const DataFilesOptions options_;
  mutable Mutex mutex_;                            // held while files are renamed, and never while much is written
  std::set<std::string> busy_ GUARDED_BY(mutex_);  // uploads of which a piece is being stored
};

}  // namespace winnow
