#include "workspace/data_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/hash.h"
#include "base/log.h"
#include "base/path_error.h"
#include "workspace/disk_room.h"
#include "workspace/file_name.h"
#include "workspace/former_versions.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours kUploadAge{24}, kTrashAge{30 * 24};

Error SystemError(const std::string& name, std::string_view doing) {
  return {ErrorCode::kIo, fmt::format("{}: {}: {}", name, doing, std::strerror(errno)), {}};
}

Error NotThere(const std::string& name) {
  return {ErrorCode::kNotFound, fmt::format("the workspace has no data file '{}'", name), {}};
}

/// Removes entries of a directory that have not changed for some time.
void RemoveOld(const fs::path& directory, std::chrono::hours age) {
  std::error_code error;
  const auto limit = fs::file_time_type::clock::now() - age;
  for (fs::directory_iterator each(directory, error); !error && each != fs::directory_iterator();
       each.increment(error)) {
    std::error_code ignored;  // who removed it meanwhile did what was to be done
    if (each->last_write_time(ignored) < limit) fs::remove_all(each->path(), ignored);
  }
  if (error) LogWarning("{}: cannot be cleaned up: {}", directory.string(), error.message());
}

bool WriteAt(int fd, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return true;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

bool Sync(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.get() >= 0 && ::fsync(fd.get()) == 0;
}

}  // namespace

Result<std::unique_ptr<DataFiles>> DataFiles::Open(DataFilesOptions options) {
  std::unique_ptr<DataFiles> files(new DataFiles(std::move(options)));
  const fs::path& directory = files->options_.directory;
  for (const char* const name : {".uploads", ".former", ".trash"}) {
    std::error_code error;
    fs::create_directories(directory / name, error);
    if (error) return std::unexpected(PathError(directory / name, error));
  }
  RemoveOld(directory / ".uploads", kUploadAge);
  RemoveOld(directory / ".trash", kTrashAge);
  return files;
}

/// Describes the file without a look at its name.
Result<DataFile> DataFiles::Describe(const std::string& name) const {
  struct stat status {};
  if (::lstat(At(name).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::unexpected(NotThere(name));
  // Not in nanoseconds, whose range ends in the year 2262.
  const auto time = std::chrono::sys_time<std::chrono::milliseconds>(
      std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::milliseconds(status.st_mtim.tv_nsec / 1'000'000));
  const std::string contents_id =
      fmt::format("{} {} {} {}", status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  return DataFile{.name = name,
                  .bytes = static_cast<uint64_t>(status.st_size),
                  .modified = time,
                  .undo = NewestFormer(Former(name), At(name)).has_value(),
                  .version = Sha256(contents_id).substr(0, 16)};
}

Result<DataFile> DataFiles::Find(const std::string& name) const {
  TRY(CheckDataFileName(name));
  const MutexLock lock(mutex_);
  return Describe(name);
}

Result<fs::path> DataFiles::PathOf(const std::string& name) const {
  TRY(Find(name));
  return At(name);
}

Result<DataFiles::Listing> DataFiles::List() const {
  Listing listing;
  listing.max_bytes = options_.max_bytes;
  const MutexLock lock(mutex_);
  std::error_code error;
  for (fs::directory_iterator each(options_.directory, error); !error && each != fs::directory_iterator();
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with('.')) continue;
    const Result<DataFile> file = CheckDataFileName(name) ? Describe(name) : std::unexpected(NotThere(name));
    if (file) {
      listing.files.push_back(*file);
    } else {
      ++listing.others;
    }
  }
  if (error) return Fail(ErrorCode::kIo, "the data files cannot be listed: " + error.message());
  std::ranges::sort(listing.files, {}, &DataFile::name);
  listing.used_bytes = BytesBelow(options_.directory);
  return listing;
}

Result<void> DataFiles::CheckVersion(const std::string& name, const std::string& version) const {
  const DataFile file = TRY(Describe(name));
  if (version.empty() || version == file.version) return {};
  return Fail(ErrorCode::kExists, fmt::format("{}: the file has been changed meanwhile", name),
              "load it again, and repeat the change");
}

/// Returns why there is no room, or nothing. What has been deleted, and then the oldest former versions, go first.
Result<std::string> DataFiles::MakeRoom(uint64_t bytes) {
  return RoomFor(options_.directory, bytes, options_.max_bytes);
}

Result<UploadProgress> DataFiles::Store(const UploadPiece& piece) {
  TRY(CheckDataFileName(piece.name));
  const std::string key = Sha256(piece.upload + '\n' + piece.name).substr(0, 32);
  UploadProgress progress;
  {
    const MutexLock lock(mutex_);
    if (const Result<DataFile> old = Describe(piece.name)) {
      if (!piece.replace) {
        return Fail(ErrorCode::kExists, fmt::format("there is a data file '{}' already", piece.name),
                    "choose another name, or replace the file");
      }
      TRY(CheckVersion(piece.name, piece.version));
    } else {
      std::error_code ignored;
      if (fs::exists(fs::symlink_status(At(piece.name), ignored))) {
        return Fail(ErrorCode::kExists, fmt::format("'{}' exists already, and is not a data file", piece.name));
      }
    }
    const std::string problem = TRY(MakeRoom(piece.bytes.size()));
    if (!problem.empty()) {
      progress.state = UploadProgress::State::kNoRoom;
      progress.problem = problem;
      return progress;
    }
    if (!busy_.insert(key).second) {
      return Fail(ErrorCode::kExists, fmt::format("another piece of '{}' is being stored", piece.name));
    }
  }
  const fs::path part = Uploads() / key;
  Result<UploadProgress> written = Write(piece, part);
  const MutexLock lock(mutex_);
  busy_.erase(key);
  if (!written || written->state != UploadProgress::State::kComplete) return written;
  if (Describe(piece.name)) {  // it may have appeared meanwhile
    if (!piece.replace) return Fail(ErrorCode::kExists, fmt::format("there is a data file '{}' already", piece.name));
    TRY(CheckVersion(piece.name, piece.version));
  }
  written->file = TRY(Install(piece.name, part));
  return written;
}

/// Appends the piece; kComplete says that the file has been written and fsynced.
Result<UploadProgress> DataFiles::Write(const UploadPiece& piece, const fs::path& part) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (piece.offset == 0 ? O_TRUNC : 0);
  const Descriptor fd(::open(part.c_str(), flags, 0666));
  struct stat status {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return std::unexpected(SystemError(piece.name, "cannot write"));
  UploadProgress progress;
  progress.bytes = static_cast<uint64_t>(status.st_size);
  if (progress.bytes != piece.offset) {
    progress.state = UploadProgress::State::kWrongOffset;
    return progress;
  }
  if (!WriteAt(fd.get(), piece.bytes, piece.offset) || (piece.last && ::fsync(fd.get()) != 0)) {
    Error error = SystemError(piece.name, "cannot write");
    std::error_code ignored;
    if (::ftruncate(fd.get(), static_cast<off_t>(piece.offset)) != 0) fs::remove(part, ignored);
    return std::unexpected(std::move(error));
  }
  progress.bytes += piece.bytes.size();
  if (piece.last) progress.state = UploadProgress::State::kComplete;
  return progress;
}

Result<DataFile> DataFiles::Install(const std::string& name, const fs::path& temporary) {
  std::error_code error;
  if (fs::exists(At(name), error)) TRY(KeepFormer(Former(name), At(name), name));
  fs::rename(temporary, At(name), error);
  if (error) return Fail(ErrorCode::kIo, fmt::format("{}: {}", name, error.message()));
  Sync(options_.directory);  // some file systems can't; the rename is done anyway
  Changed(name);
  return Describe(name);
}

Result<DataFile> DataFiles::Add(const std::string& name, std::string_view contents) {
  UploadProgress progress =
      TRY(Store({.name = name, .upload = "server", .offset = 0, .last = true, .bytes = contents}));
  if (progress.state == UploadProgress::State::kNoRoom) return Fail(ErrorCode::kIo, progress.problem);
  return std::move(progress.file);
}

fs::path DataFiles::NewTemporary(const std::string& name) {
  static std::atomic<unsigned> counter = 0;
  const std::string unique = fmt::format("{}.{}", ::getpid(), counter++);
  // The ending stays: it tells readers the format.
  return Uploads() / (unique + "." + name);
}

Result<DataFile> DataFiles::Replace(const std::string& name, const fs::path& temporary, const std::string& version) {
  if (!Sync(temporary)) return std::unexpected(SystemError(name, "cannot write"));
  const MutexLock lock(mutex_);
  TRY(CheckVersion(name, version));
  return Install(name, temporary);
}

Result<void> DataFiles::Delete(const std::string& name, const std::string& version) {
  TRY(CheckDataFileName(name));
  const MutexLock lock(mutex_);
  TRY(CheckVersion(name, version));
  const fs::path trash = Trash(name);
  std::error_code error;
  fs::remove_all(trash, error);
  if (!error) fs::create_directories(trash, error);
  if (!error && fs::exists(Former(name), error)) fs::rename(Former(name), trash / "former", error);
  if (!error) fs::rename(At(name), trash / "file", error);
  if (error) return Fail(ErrorCode::kIo, fmt::format("{}: {}", name, error.message()));
  Sync(options_.directory);
  Changed(name);
  return {};
}

Result<DataFile> DataFiles::Restore(const std::string& name) {
  TRY(CheckDataFileName(name));
  const MutexLock lock(mutex_);
  std::error_code error;
  const fs::path trash = Trash(name);
  if (!fs::exists(trash / "file", error)) {
    return Fail(ErrorCode::kNotFound, fmt::format("the trash has no data file '{}'", name));
  }
  if (fs::exists(fs::symlink_status(At(name), error))) {
    return Fail(ErrorCode::kExists, fmt::format("there is a data file '{}' again", name),
                "upload that one under another name first");
  }
  error.clear();
  if (fs::exists(trash / "former", error)) {
    fs::remove_all(Former(name), error);
    if (!error) fs::rename(trash / "former", Former(name), error);
  }
  if (!error) fs::rename(trash / "file", At(name), error);
  if (error) return Fail(ErrorCode::kIo, fmt::format("{}: {}", name, error.message()));
  fs::remove_all(trash, error);
  Sync(options_.directory);
  Changed(name);
  return Describe(name);
}

Result<DataFile> DataFiles::Undo(const std::string& name, const std::string& version) {
  TRY(CheckDataFileName(name));
  const MutexLock lock(mutex_);
  TRY(CheckVersion(name, version));
  const std::optional<fs::path> former = NewestFormer(Former(name), At(name));
  if (!former) return Fail(ErrorCode::kNotFound, fmt::format("'{}' has no former version", name));
  std::error_code error;
  fs::rename(*former, At(name), error);
  if (error) return Fail(ErrorCode::kIo, fmt::format("{}: {}", name, error.message()));
  Sync(options_.directory);
  Changed(name);
  return Describe(name);
}

}  // namespace winnow
