#include "base/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/path_error.h"

namespace winnow {
namespace {

constexpr size_t kReadBytes = size_t{1} << 18;
constexpr size_t kLengthBytes = sizeof(uint64_t);

/// Returns a file without a name in the directory.
Result<int> NamelessFile(const std::filesystem::path& directory) {
  const int file = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  if (errno == ENOENT) return std::unexpected(SystemErrorAt(directory, "cannot create a temporary file"));
  // Some file systems know no files without names.
  std::string name = (directory / ".winnow-XXXXXX").string();
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) return std::unexpected(SystemErrorAt(directory, "cannot create a temporary file"));
  ::unlink(name.c_str());
  return named;
}

/// Passes the complete records at the begin of `bytes` on, and removes them. `bytes` keeps what is incomplete.
Result<void> TakeRecords(std::string& bytes, const std::function<Result<void>(std::string_view)>& take) {
  size_t at = 0;
  while (bytes.size() - at >= kLengthBytes) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, kLengthBytes);
    if (bytes.size() - at - kLengthBytes < length) break;
    TRY(take(std::string_view(bytes).substr(at + kLengthBytes, length)));
    at += kLengthBytes + length;
  }
  bytes.erase(0, at);
  return {};
}

}  // namespace

SpillFile::SpillFile(SpillFile&& other) noexcept
    : directory_(std::move(other.directory_)),
      buffer_(std::move(other.buffer_)),
      file_(std::exchange(other.file_, -1)),
      file_bytes_(std::exchange(other.file_bytes_, 0)),
      count_(std::exchange(other.count_, 0)) {}

SpillFile& SpillFile::operator=(SpillFile&& other) noexcept {
  std::swap(directory_, other.directory_);
  std::swap(buffer_, other.buffer_);
  std::swap(file_, other.file_);
  std::swap(file_bytes_, other.file_bytes_);
  std::swap(count_, other.count_);
  return *this;
}

SpillFile::~SpillFile() {
  if (file_ >= 0) ::close(file_);
}

Result<void> SpillFile::Add(std::string_view record) {
  const uint64_t length = record.size();
  buffer_.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  buffer_ += record;
  ++count_;
  return buffer_.size() < kMemoryBytes ? Result<void>() : Flush();
}

Result<void> SpillFile::Flush() {
  if (file_ < 0) file_ = TRY(NamelessFile(directory_.empty() ? "." : directory_));
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t written = ::pwrite(file_, rest.data(), rest.size(), static_cast<off_t>(file_bytes_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(SystemErrorAt(directory_, "cannot write a temporary file"));
    file_bytes_ += static_cast<uint64_t>(written);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
  return {};
}

Result<void> SpillFile::ForEach(const std::function<Result<void>(std::string_view record)>& take) const {
  std::string bytes;
  for (uint64_t at = 0; at < file_bytes_;) {
    const size_t before = bytes.size();
    const size_t wanted = std::min<uint64_t>(kReadBytes, file_bytes_ - at);
    bytes.resize(before + wanted);
    const ssize_t got = ::pread(file_, bytes.data() + before, wanted, static_cast<off_t>(at));
    if (got <= 0) return std::unexpected(SystemErrorAt(directory_, "cannot read a temporary file"));
    bytes.resize(before + static_cast<size_t>(got));
    at += static_cast<uint64_t>(got);
    TRY(TakeRecords(bytes, take));
  }
  bytes += buffer_;
  return TakeRecords(bytes, take);
}

}  // namespace winnow
