#include "bundle/verified_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "base/environment.h"
#include "base/files.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxBytes = 1 << 16;  // about 400 files
constexpr int64_t kNanoseconds = 1'000'000'000;

std::optional<fs::path> MemoryFile() {
  if (const auto cache = CacheDirectory()) return cache->path / "verified-files";
  return std::nullopt;
}

std::string LineOf(const FileIdentity& file, const std::string& sha256) {
  return fmt::format("{} {} {} {} {} {}\n", sha256, file.device, file.inode, file.size, file.modified_ns,
                     file.changed_ns);
}

int64_t Nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * kNanoseconds + time.tv_nsec; }

}  // namespace

Result<FileIdentity> IdentityOf(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return Fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                fmt::format("{}: cannot read: {}", file.string(), std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kIo, file.string() + ": not a regular file");
  return FileIdentity{.device = status.st_dev,
                      .inode = status.st_ino,
                      .size = static_cast<uint64_t>(status.st_size),
                      .modified_ns = Nanoseconds(status.st_mtim),
                      .changed_ns = Nanoseconds(status.st_ctim)};
}

VerifiedFiles VerifiedFiles::Read() {
  VerifiedFiles verified;
  const std::optional<fs::path> file = MemoryFile();
  if (!file) return verified;
  // Whoever could write the memory could have a changed file accepted.
  if (Result<SecretFile> memory = ReadSecretFile(*file, kMaxBytes)) verified.lines_ = std::move(memory->contents);
  return verified;
}

bool VerifiedFiles::Contains(const FileIdentity& file, const std::string& sha256) const {
  const std::string line = LineOf(file, sha256);
  const size_t at = lines_.find(line);
  return at != std::string::npos && (at == 0 || lines_[at - 1] == '\n');
}

void VerifiedFiles::Remember(const FileIdentity& file, const std::string& sha256) {
  const int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const std::optional<fs::path> memory = MemoryFile();
  if (!memory || file.changed_ns > now - 2 * kNanoseconds) return;
  std::error_code error;
  fs::create_directories(memory->parent_path(), error);
  const auto added =
      UpdateSecretFile(*memory, kMaxBytes, [&](const std::optional<std::string>& contents) -> Result<std::string> {
        std::string lines = contents.value_or("") + LineOf(file, sha256);
        if (lines.size() > kMaxBytes) lines.erase(0, lines.find('\n', lines.size() - kMaxBytes / 2) + 1);
        return lines;
      });
  static_cast<void>(added);
}

}  // namespace winnow
