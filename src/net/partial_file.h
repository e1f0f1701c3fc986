/// A file that arrives in pieces, over several requests or calls, and what proves that its server still has the same
/// one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace winnow {

/// Not thread-safe. Two processes must not write one file at the same time.
class PartialFile {
 public:
  /// Opens the file, or creates it; what is there already is its beginning. Errors: kIo.
  static Result<PartialFile> Open(const std::filesystem::path& path);

  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile();

  uint64_t size() const { return size_; }
  /// Returns the ETag or date of the response that the beginning came from, as PATH.etag keeps it; empty if unknown.
  const std::string& validator() const { return validator_; }

  /// Removes the contents. Returns false if the system fails.
  bool Restart();
  /// Remembers the strong ETag, or the date, of the file whose bytes follow.
  void SetValidator(const HttpAnswer& response);
  /// Appends bytes. Returns false if the system fails.
  bool Append(std::string_view bytes);
  /// Makes the contents durable and moves the file to its final name. Errors: kIo.
  Result<void> Finish(const std::filesystem::path& final_path);
  /// Removes the file.
  void Remove();
  /// Returns the error of the system call that failed last.
  Error Failure(std::string_view doing) const;

 private:
  PartialFile() = default;

  std::filesystem::path path_;
  std::filesystem::path validator_path_;
  std::string validator_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

/// Returns true if the response's range, such as "bytes 100-199/200", begins at `offset`.
bool RangeBeginsAt(const HttpAnswer& response, uint64_t offset);

}  // namespace winnow
