#include "net/partial_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/files.h"
#include "base/parse_number.h"
#include "net/transfer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<PartialFile> PartialFile::Open(const fs::path& path) {
  PartialFile file;
  file.path_ = path;
  file.validator_path_ = path.string() + ".etag";
  file.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file.fd_ < 0) return std::unexpected(file.Failure("cannot write"));
  file.size_ = static_cast<uint64_t>(std::max<off_t>(0, ::lseek(file.fd_, 0, SEEK_END)));
  if (file.size_ > 0) file.validator_ = ReadFile(file.validator_path_).value_or("");
  return file;
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : path_(std::move(other.path_)),
      validator_path_(std::move(other.validator_path_)),
      validator_(std::move(other.validator_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_) {}

PartialFile::~PartialFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool PartialFile::Restart() {
  if (::ftruncate(fd_, 0) != 0) return false;
  ::lseek(fd_, 0, SEEK_SET);
  size_ = 0;
  return true;
}

void PartialFile::SetValidator(const HttpAnswer& response) {
  std::string validator = response.LastHeader("etag").value_or("");
  if (validator.empty() || validator.starts_with("W/")) validator = response.LastHeader("last-modified").value_or("");
  if (validator == validator_) return;
  validator_ = validator;
  std::error_code ignored;
  if (validator_.empty()) {
    fs::remove(validator_path_, ignored);
    return;
  }
  // Without it the next attempt starts over: no reason to fail this one.
  [[maybe_unused]] const auto written = WriteFileAtomically(validator_path_, validator_);
}

bool PartialFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
    size_ += static_cast<uint64_t>(written);
  }
  return true;
}

Result<void> PartialFile::Finish(const fs::path& final_path) {
  if (::fsync(fd_) != 0) return std::unexpected(Failure("cannot write"));
  if (::rename(path_.c_str(), final_path.c_str()) != 0)
    return std::unexpected(Failure("cannot move the downloaded file to its final name"));
  const fs::path parent = final_path.has_parent_path() ? final_path.parent_path() : fs::path(".");
  if (const int directory = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  std::error_code ignored;
  fs::remove(validator_path_, ignored);
  return {};
}

void PartialFile::Remove() {
  std::error_code ignored;
  fs::remove(path_, ignored);
  fs::remove(validator_path_, ignored);
}

Error PartialFile::Failure(std::string_view doing) const {
  const int number = errno;
  return {ErrorCode::kIo, fmt::format("{}: {}: {}", path_.string(), doing, std::strerror(number)),
          number == ENOSPC ? "free some space; the partial download is kept and will be resumed" : ""};
}

bool RangeBeginsAt(const HttpAnswer& response, uint64_t offset) {
  const std::string range = response.LastHeader("content-range").value_or("");
  constexpr std::string_view kUnit = "bytes ";
  if (!range.starts_with(kUnit)) return false;
  const size_t dash = range.find('-');
  return dash != std::string::npos &&
         ParseNumber<uint64_t>(std::string_view(range).substr(kUnit.size(), dash - kUnit.size())) == offset;
}

}  // namespace winnow
