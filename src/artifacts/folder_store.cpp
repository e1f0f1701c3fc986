#include "artifacts/folder_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <memory>
#include <span>
#include <utility>

#include "artifacts/artifact_key.h"
#include "artifacts/directory_tree.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/path_error.h"
#include "base/rename.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBufferBytes = 1 << 20;
constexpr std::time_t kAbandonedSeconds = 86'400;  // after which a file in .incoming has no writer any more

using Pass = std::function<Result<void>(std::span<const std::byte> bytes, uint64_t done)>;

/// Reads an open file to its end, passes on the pieces, and returns their SHA-256.
Result<std::string> ReadThrough(int file, const fs::path& shown, const Pass& pass) {
  Hasher hasher(Hasher::Kind::kSha256);
  std::vector<std::byte> buffer(kBufferBytes);
  for (uint64_t done = 0;;) {
    const ssize_t count = ::read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(SystemErrorAt(shown, "cannot read"));
    if (count == 0) return hasher.Hex();
    const auto bytes = std::span(buffer).first(static_cast<size_t>(count));
    hasher.Update(bytes);
    done += bytes.size();
    TRY(pass(bytes, done));
  }
}

Result<void> WriteAll(int file, std::span<const std::byte> bytes, const fs::path& shown) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(SystemErrorAt(shown, "cannot write"));
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

/// A file in .incoming, which is removed with this object unless it was given its name.
class IncomingFile {
 public:
  static Result<IncomingFile> Create(const fs::path& folder) {
    IncomingFile incoming;
    incoming.chain_ = TRY(OpenDirectories(folder, std::string(kIncoming) + "/", /*create=*/true));
    static std::atomic<unsigned> counter = 0;
    // The time distinguishes processes that have the same number on several machines.
    incoming.name_ =
        fmt::format("{}.{}.{}", std::chrono::system_clock::now().time_since_epoch().count(), ::getpid(), counter++);
    incoming.shown_ = folder / kIncoming / incoming.name_;
    incoming.RemoveAbandoned();
    incoming.file_ = OwnedDescriptor(
        ::openat(incoming.chain_.last(), incoming.name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (incoming.file_.get() < 0) return std::unexpected(SystemErrorAt(incoming.shown_, "cannot write"));
    return incoming;
  }
  IncomingFile(IncomingFile&&) noexcept = default;
  IncomingFile& operator=(IncomingFile&&) = delete;
  ~IncomingFile() {
    if (file_.get() >= 0) ::unlinkat(chain_.last(), name_.c_str(), 0);
  }

  Result<void> Write(std::span<const std::byte> bytes) const { return WriteAll(file_.get(), bytes, shown_); }
  Result<void> Sync() const {
    if (::fsync(file_.get()) != 0) return std::unexpected(SystemErrorAt(shown_, "cannot write"));
    return {};
  }

  /// Gives the file its name, unless it exists. Returns 0 or the number of the system's error.
  int MoveTo(const DirectoryChain& target) {
    const int error = RenameWithoutReplacing(chain_.last(), name_.c_str(), target.last(), target.name.c_str());
    if (error == 0) file_ = OwnedDescriptor();
    if (error != EINVAL && error != ENOSYS) return error;
    // A file system that can't, such as NFS: a second name, and then this object removes the first.
    return ::linkat(chain_.last(), name_.c_str(), target.last(), target.name.c_str(), 0) == 0 ? 0 : errno;
  }

 private:
  IncomingFile() = default;

  void RemoveAbandoned() const {
    const int copy = ::openat(chain_.last(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(copy < 0 ? nullptr : ::fdopendir(copy), &::closedir);
    if (listing == nullptr) return;
    const std::time_t now = ::time(nullptr);
    while (const dirent* const entry = ::readdir(listing.get())) {
      struct stat status {};
      if (::fstatat(chain_.last(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
          status.st_mtime + kAbandonedSeconds < now) {
        ::unlinkat(chain_.last(), entry->d_name, 0);
      }
    }
  }

  DirectoryChain chain_;
  std::string name_;
  fs::path shown_;
  OwnedDescriptor file_;
};

/// Compares a stored file with the digest of the one that is to be stored under its key, and makes its name durable:
/// the writer before this one may have been stopped on its way to that.
Result<void> RequireEqual(const DirectoryChain& chain, const OwnedDescriptor& file, const fs::path& path,
                          const std::string& digest) {
  const std::string stored = TRY(ReadThrough(file.get(), path, [](auto, uint64_t) { return Result<void>(); }));
  if (stored == digest) return chain.Sync(path);
  return Fail(
      ErrorCode::kExists,
      fmt::format("{}: exists with other contents: SHA-256 {}, and {} was to be stored", path.string(), stored, digest),
      "stored files are never replaced; store the new one under another version");
}

/// The files below one directory, whose keys begin with `prefix`.
Result<void> Collect(int directory, const std::string& key, std::string_view prefix, const fs::path& shown,
                     std::vector<ArtifactEntry>& entries) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(copy < 0 ? nullptr : ::fdopendir(copy), &::closedir);
  if (listing == nullptr) return std::unexpected(SystemErrorAt(shown, "cannot list"));
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(listing.get());
    if (entry == nullptr && errno != 0) return std::unexpected(SystemErrorAt(shown, "cannot list"));
    if (entry == nullptr) return {};
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || (key.empty() && name == kIncoming)) continue;
    const std::string path = key + name;
    const size_t shorter = std::min(path.size(), prefix.size());
    if (std::string_view(path).substr(0, shorter) != prefix.substr(0, shorter)) continue;
    struct stat status {};
    // What was removed meanwhile is not there.
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISDIR(status.st_mode)) {
      const OwnedDescriptor child(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
      if (child.get() < 0 && errno == ENOENT) continue;
      if (child.get() < 0) return std::unexpected(SystemErrorAt(shown / name, "cannot open"));
      TRY(Collect(child.get(), path + "/", prefix, shown / name, entries));
    } else if (S_ISREG(status.st_mode) && path.starts_with(prefix) && CheckArtifactKey(path)) {
      // Not in nanoseconds, whose range ends in the year 2262.
      const std::chrono::milliseconds time =
          std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::milliseconds(status.st_mtim.tv_nsec / 1'000'000);
      entries.push_back(
          {path, static_cast<uint64_t>(status.st_size), std::chrono::sys_time<std::chrono::milliseconds>(time)});
    }
  }
}

}  // namespace

FolderStore::FolderStore(fs::path folder, ArtifactOptions options)
    : ArtifactStore(folder.string()), folder_(std::move(folder)), options_(std::move(options)) {}

Result<void> FolderStore::Continue(std::string_view key, uint64_t done, uint64_t total) const {
  if (!options_.progress || options_.progress(key, done, total)) return {};
  return Fail(ErrorCode::kCancelled, PathOf(key).string() + ": cancelled");
}

Result<void> FolderStore::Put(std::string_view key, const fs::path& file, const std::string& digest) {
  TRY(CheckArtifactKey(key));
  const fs::path path = PathOf(key);
  DirectoryChain chain = TRY(OpenDirectories(folder_, key, /*create=*/true));
  if (Result<OwnedDescriptor> stored = OpenForReading(chain, path)) return RequireEqual(chain, *stored, path, digest);

  const OwnedDescriptor source(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (source.get() < 0 || ::fstat(source.get(), &status) != 0)
    return std::unexpected(SystemErrorAt(file, "cannot open"));
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kIo, file.string() + ": not a regular file");
  const auto total = static_cast<uint64_t>(status.st_size);
  IncomingFile incoming = TRY(IncomingFile::Create(folder_));
  const std::string copied =
      TRY(ReadThrough(source.get(), file, [&](std::span<const std::byte> bytes, uint64_t done) -> Result<void> {
        TRY(incoming.Write(bytes));
        return Continue(key, done, total);
      }));
  if (copied != digest) {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: has SHA-256 {}, expected {}", file.string(), copied, digest),
                "the file was changed after its digest was computed");
  }
  TRY(incoming.Sync());
  // Remove deletes directories that have become empty, this file's among them.
  constexpr int kAttempts = 1000;
  int failure = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    failure = incoming.MoveTo(chain);
    if (failure == 0) return chain.Sync(path);
    if (failure == EEXIST) return RequireEqual(chain, TRY(OpenForReading(chain, path)), path, digest);
    if (failure != ENOENT) break;
    chain = TRY(OpenDirectories(folder_, key, /*create=*/true));
  }
  errno = failure;
  return std::unexpected(SystemErrorAt(path, "cannot move the new file to its final name"));
}

Result<void> FolderStore::Get(std::string_view key, const fs::path& target, const std::string& digest) {
  TRY(CheckArtifactKey(key));
  const fs::path path = PathOf(key);
  const DirectoryChain chain = TRY(OpenDirectories(folder_, key, /*create=*/false));
  const OwnedDescriptor source = TRY(OpenForReading(chain, path));
  struct stat status {};
  if (::fstat(source.get(), &status) != 0) return std::unexpected(SystemErrorAt(path, "cannot open"));
  if (target.has_parent_path()) {
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (error)
      return Fail(ErrorCode::kIo,
                  fmt::format("{}: cannot create the directory: {}", target.parent_path().string(), error.message()));
  }
  return WriteFileAtomically(target, [&](const FileSink& sink) -> Result<void> {
    const std::string stored =
        TRY(ReadThrough(source.get(), path, [&](std::span<const std::byte> bytes, uint64_t done) -> Result<void> {
          TRY(sink(bytes));
          return Continue(key, done, static_cast<uint64_t>(status.st_size));
        }));
    if (stored == digest) return {};
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: the stored file has SHA-256 {}, expected {}", path.string(), stored, digest),
                "the file was damaged or replaced in the artifact store; restore it from a backup, or store the model "
                "under a new version");
  });
}

Result<std::vector<ArtifactEntry>> FolderStore::List(std::string_view prefix) {
  TRY(CheckArtifactPrefix(prefix));
  std::vector<ArtifactEntry> entries;
  // The directory that the prefix names, so that others need not be read.
  const size_t end = prefix.rfind('/');
  const std::string_view directory = end == std::string_view::npos ? std::string_view() : prefix.substr(0, end + 1);
  const Result<DirectoryChain> chain = OpenDirectories(folder_, directory, /*create=*/false);
  if (!chain && chain.error().code == ErrorCode::kNotFound) return entries;
  if (!chain) return std::unexpected(chain.error());
  TRY(Collect(chain->last(), std::string(directory), prefix, folder_ / directory, entries));
  std::ranges::sort(entries, {}, &ArtifactEntry::key);
  return entries;
}

Result<void> FolderStore::Remove(std::string_view key) {
  TRY(CheckArtifactKey(key));
  const fs::path path = PathOf(key);
  const Result<DirectoryChain> chain = OpenDirectories(folder_, key, /*create=*/false);
  if (!chain && chain.error().code == ErrorCode::kNotFound) return {};
  if (!chain) return std::unexpected(chain.error());
  if (::unlinkat(chain->last(), chain->name.c_str(), 0) != 0 && errno != ENOENT)
    return std::unexpected(SystemErrorAt(path, "cannot remove"));
  if (::fsync(chain->last()) != 0 && errno != EINVAL) return std::unexpected(SystemErrorAt(path, "cannot remove"));
  // Directories that are empty now go, from the innermost on; rmdir leaves the others.
  fs::path name = fs::path(key).parent_path();
  for (size_t i = chain->directories.size() - 1; i > 0; --i, name = name.parent_path()) {
    if (::unlinkat(chain->directories[i - 1].get(), name.filename().c_str(), AT_REMOVEDIR) != 0) break;
  }
  return {};
}

}  // namespace winnow
