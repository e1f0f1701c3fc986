#include "artifacts/directory_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/path_error.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// Opens one directory below another.
Result<OwnedDescriptor> OpenChild(int parent, const std::string& name, bool create, const fs::path& shown) {
  if (create && ::mkdirat(parent, name.c_str(), 0777) != 0 && errno != EEXIST)
    return std::unexpected(SystemErrorAt(shown, "cannot create the directory"));
  OwnedDescriptor child(::openat(parent, name.c_str(), kDirectoryFlags | O_NOFOLLOW));
  if (child.get() >= 0) return child;
  if (errno == ELOOP || errno == ENOTDIR) {
    return Fail(ErrorCode::kIo, shown.string() + ": not a directory, or a symbolic link",
                "symbolic links inside an artifact store are not followed; move the files there");
  }
  return std::unexpected(SystemErrorAt(shown, "cannot open"));
}

/// Creates the root and its missing parents, with durable names.
Result<void> CreateRoot(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> missing;
  for (fs::path each = fs::absolute(root, error).lexically_normal(); !error && !fs::exists(each, error);
       each = each.parent_path()) {
    missing.push_back(each);
    if (each == each.parent_path()) break;
  }
  fs::create_directories(root, error);
  if (error) {
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot create the directory: {}", root.string(), error.message()),
                "check the path, and the permissions of its parent directory");
  }
  for (const fs::path& each : missing) {
    const OwnedDescriptor parent(::open(each.parent_path().c_str(), kDirectoryFlags));
    if (parent.get() >= 0) ::fsync(parent.get());
  }
  return {};
}

Result<DirectoryChain> OpenOnce(const fs::path& root, std::string_view path, bool create) {
  DirectoryChain chain;
  chain.directories.emplace_back(::open(root.c_str(), kDirectoryFlags));
  if (chain.last() < 0) return std::unexpected(SystemErrorAt(root, "cannot open"));
  fs::path shown = root;
  size_t begin = 0;
  for (size_t end; (end = path.find('/', begin)) != std::string_view::npos; begin = end + 1) {
    const std::string name(path.substr(begin, end - begin));
    shown /= name;
    chain.directories.push_back(TRY(OpenChild(chain.last(), name, create, shown)));
  }
  chain.name = path.substr(begin);
  return chain;
}

}  // namespace

OwnedDescriptor::~OwnedDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> DirectoryChain::Sync(const fs::path& path) const {
  for (auto each = directories.rbegin(); each != directories.rend(); ++each) {
    // Some network file systems have no fsync of directories, and nothing better.
    if (::fsync(each->get()) != 0 && errno != EINVAL) return std::unexpected(SystemErrorAt(path, "cannot write"));
  }
  return {};
}

Result<DirectoryChain> OpenDirectories(const fs::path& root, std::string_view path, bool create) {
  if (!create) return OpenOnce(root, path, create);
  // Other threads and programs remove directories that have become empty, so one may go between its creation and its
  // opening. Each attempt that fails so means that another writer got further.
  constexpr int kAttempts = 1000;
  for (int attempt = 1;; ++attempt) {
    TRY(CreateRoot(root));
    Result<DirectoryChain> chain = OpenOnce(root, path, create);
    if (chain || chain.error().code != ErrorCode::kNotFound || attempt == kAttempts) return chain;
  }
}

Result<OwnedDescriptor> OpenForReading(const DirectoryChain& chain, const fs::path& shown) {
  // O_NONBLOCK: opening a pipe does not wait for its writer.
  OwnedDescriptor file(::openat(chain.last(), chain.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 && errno == ELOOP)
    return Fail(ErrorCode::kIo, shown.string() + ": a symbolic link, which is not followed in an artifact store");
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return std::unexpected(SystemErrorAt(shown, "cannot open"));
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kIo, shown.string() + ": not a regular file");
  return file;
}

}  // namespace winnow
