/// Records on disk, for more of them than memory should hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// A list of records. The first megabytes are in memory; the others in a temporary file without a name, which ends with
/// the object or the process. Movable. Not thread-safe.
class SpillFile {
 public:
  static constexpr size_t kMemoryBytes = size_t{8} << 20;

  /// Creates an empty list, whose file, if it needs one, is made in `directory`.
  explicit SpillFile(std::filesystem::path directory) : directory_(std::move(directory)) {}
  SpillFile(SpillFile&& other) noexcept;
  SpillFile& operator=(SpillFile&& other) noexcept;
  ~SpillFile();

  /// Appends a record. Errors: kIo, such as a full disk; kNotFound if the directory is missing.
  Result<void> Add(std::string_view record);
  size_t count() const { return count_; }

  /// Passes the records to `take`, in their order. Errors: kIo; the first error of `take`.
  Result<void> ForEach(const std::function<Result<void>(std::string_view record)>& take) const;

 private:
  Result<void> Flush();

  std::filesystem::path directory_;
  std::string buffer_;  // what follows the file's contents: each record after its length in 8 bytes
  int file_ = -1;       // -1: there is none
  uint64_t file_bytes_ = 0;
  size_t count_ = 0;
};

}  // namespace winnow
