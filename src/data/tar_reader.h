/// Reading of the members of a .tar or .tar.gz file, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace winnow {

/// A reader of ustar archives (POSIX.1-1988) and GNU tar's long names. Only plain files are returned: directories,
/// links and devices are skipped. Names are returned unchecked, so callers must not use them as paths without checks.
/// Nothing is unpacked to disk, and memory contains at most one requested member. Movable, not thread-safe.
class TarReader {
 public:
  /// Number of unpacked bytes above which an archive is refused; the largest known set of mails has a tenth of it.
  static constexpr uint64_t kMaxBytes = uint64_t{2} << 30;

  /// Opens an archive. Errors: kNotFound, kIo.
  static Result<TarReader> Open(const std::filesystem::path& path);

  /// Moves to the next plain file; false at the end. Errors: kInvalidData for a file that is not a tar file, is
  /// damaged, incomplete, or unpacks to more than kMaxBytes; kIo.
  Result<bool> Next();

  const std::string& name() const { return member_; }
  uint64_t size() const { return size_; }

  /// Returns the contents of the member; may be called once per member. Errors: those of Next; kInvalidData if the
  /// member is larger than `limit`.
  Result<std::string> Read(size_t limit);

 private:
  struct Closer {
    void operator()(void* file) const;
  };
  TarReader() = default;
  Result<bool> ReadBlock(char* block);
  Result<void> ReadBytes(char* bytes, size_t count);
  Result<void> Skip(uint64_t count);
  Result<void> Drain();
  Error Bad(const std::string& why) const;

  std::string path_;
  std::unique_ptr<void, Closer> file_;  // a gzFile, which also reads plain files
  std::string member_;
  uint64_t size_ = 0;
  uint64_t unread_ = 0;   // bytes of the member that were not read yet
  uint64_t padding_ = 0;  // behind them
  uint64_t total_ = 0;
};

}  // namespace winnow
