#include "bundle/hub_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/ascii.h"
#include "base/files.h"
#include "base/hash.h"
#include "bundle/manifest.h"
#include "bundle/scope_file.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 15> kModelFiles = {"config.json",       "model.safetensors",
                                                          "tokenizer.json",    "tokenizer_config.json",
                                                          "vocab.txt",         "special_tokens_map.json",
                                                          "spm.model",         "sentencepiece.bpe.model",
                                                          "vocab.json",        "merges.txt",
                                                          "added_tokens.json", "labels.json",
                                                          kManifestFile,       kSignatureFile,
                                                          kScopeFile};
constexpr std::array<std::string_view, 5> kTokenizers = {"tokenizer.json", "vocab.txt", "spm.model", "vocab.json",
                                                         "sentencepiece.bpe.model"};

Result<void> MakeDirectories(const fs::path& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) {
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot create the directory: {}", dir.string(), error.message()),
                "set HF_HOME to a writable directory");
  }
  return {};
}

bool IsCommit(std::string_view text) { return IsHexDigest(text, 40); }

/// A revision is a file's name below refs/ ("main", "refs/pr/1"); it comes from the user.
bool IsRevision(const std::string& revision) {
  const fs::path path(revision);
  return !revision.empty() && !path.is_absolute() && revision.find('\0') == std::string::npos &&
         std::ranges::none_of(path, [](const fs::path& part) { return part == ".." || part.empty(); });
}

}  // namespace

bool IsModelFile(std::string_view name) { return std::ranges::find(kModelFiles, name) != kModelFiles.end(); }

bool IsRepositoryName(std::string_view name) {
  if (name.empty() || name.size() > 200 || std::ranges::count(name, '/') > 1) return false;
  const auto part_ok = [](std::string_view part) {
    return !part.empty() && part.front() != '.' && part.front() != '-' && part.find("..") == std::string_view::npos &&
           std::ranges::all_of(part, [](char c) { return IsAsciiAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  };
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos) return part_ok(name);
  return part_ok(name.substr(0, slash)) && part_ok(name.substr(slash + 1));
}

HubCache::HubCache(const fs::path& cache, std::string_view repository) {
  std::string folder = "models--";
  for (const char c : repository) folder += c == '/' ? std::string("--") : std::string(1, c);
  root_ = cache / folder;
  locks_ = cache / ".locks" / folder;
}

Result<std::optional<fs::path>> HubCache::Find(const std::string& revision, std::string_view weights) const {
  std::string commit = revision;
  if (!IsCommit(revision)) {
    if (!IsRevision(revision)) return std::nullopt;
    const Result<std::string> ref = ReadFile(root_ / "refs" / revision);
    if (!ref) return std::nullopt;
    commit = ref->substr(0, ref->find_first_of("\r\n "));
    if (!IsCommit(commit)) return std::nullopt;
  }
  const fs::path dir = snapshot(commit);
  const auto has = [&](std::string_view name) {
    std::error_code ignored;
    return fs::is_regular_file(dir / name, ignored);
  };
  if (!has("config.json") || !has(weights) || !std::ranges::any_of(kTokenizers, has)) return std::nullopt;
  for (const std::string_view name : kModelFiles) TRY(CheckFile(dir, name));
  TRY(CheckFile(dir, weights));
  return dir;
}

Result<void> HubCache::CheckFile(const fs::path& snapshot, std::string_view file) const {
  std::error_code not_a_link;
  const fs::path target = fs::read_symlink(snapshot / file, not_a_link);
  // Where links can't be made, huggingface_hub puts the files here themselves; then there is no name to check against.
  if (not_a_link) return {};
  return CheckBlob(target.filename().string());
}

Result<void> HubCache::Prepare() const {
  TRY(MakeDirectories(root_ / "blobs"));
  TRY(MakeDirectories(root_ / "refs"));
  return MakeDirectories(root_ / "snapshots");
}

Result<void> HubCache::Adopt(const fs::path& file, const std::string& etag) const {
  if (::rename(file.c_str(), blob(etag).c_str()) != 0)
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot move the downloaded file into the cache: {}",
                                            blob(etag).string(), std::strerror(errno)));
  const Result<void> checked = CheckBlob(etag);
  std::error_code ignored;
  if (!checked) fs::remove(blob(etag), ignored);
  return checked;
}

Result<void> HubCache::CheckBlob(const std::string& etag) const {
  if (IsChecked(etag)) return {};
  const fs::path path = blob(etag);
  std::string digest = etag;
  if (IsHexDigest(etag, 64)) digest = TRY(Sha256OfFile(path));
  if (IsHexDigest(etag, 40)) digest = TRY(GitBlobSha1OfFile(path));
  if (digest != etag) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: the contents have the digest {}, which differs from the name of the file",
                            path.string(), digest),
                "the file is damaged: remove it, and run winnow pull again");
  }
  RememberChecked(etag);
  return {};
}

/// Beside the blobs lies an empty file for each that has been checked, named by the blob with its size and date: a blob
/// that changes is checked again.
static fs::path MarkOf(const fs::path& root, const fs::path& blob) {
  struct stat status {};
  if (::stat(blob.c_str(), &status) != 0) return {};
  return root / ".winnow-checked" /
         fmt::format("{}-{}-{}.{:09}", blob.filename().string(), status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

bool HubCache::IsChecked(const std::string& etag) const {
  const fs::path mark = MarkOf(root_, blob(etag));
  std::error_code ignored;
  return !mark.empty() && fs::exists(mark, ignored);
}

void HubCache::RememberChecked(const std::string& etag) const {
  const fs::path mark = MarkOf(root_, blob(etag));
  // A cache that can't be written is checked at each use: slower, no less right.
  if (!mark.empty() && MakeDirectories(mark.parent_path())) static_cast<void>(WriteFileAtomically(mark, ""));
}

Result<void> HubCache::Link(const std::string& commit, const std::string& file, const std::string& etag) const {
  const fs::path link = snapshot(commit) / file;
  TRY(MakeDirectories(link.parent_path()));
  const fs::path target = fs::path("..") / ".." / "blobs" / etag;
  const fs::path temporary = link.string() + ".tmp" + std::to_string(::getpid());
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_symlink(target, temporary, error);
  if (!error) fs::rename(temporary, link, error);
  if (error) return Fail(ErrorCode::kIo, fmt::format("{}: cannot link: {}", link.string(), error.message()));
  return {};
}

Result<void> HubCache::SetRevision(const std::string& revision, const std::string& commit) const {
  if (IsCommit(revision)) return {};
  if (!IsRevision(revision))
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a valid revision", revision),
                "specify a branch, a tag or a commit hash");
  const fs::path ref = root_ / "refs" / revision;
  TRY(MakeDirectories(ref.parent_path()));
  return WriteFileAtomically(ref, commit);
}

HubCache::Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<HubCache::Lock> HubCache::LockBlob(const std::string& etag) const {
  TRY(MakeDirectories(locks_));
  const fs::path path = locks_ / (etag + ".lock");
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return Fail(ErrorCode::kIo, fmt::format("{}: cannot open: {}", path.string(), std::strerror(errno)));
  Lock lock(fd);
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    break;  // a file system without locks: go on without
  }
  return lock;
}

}  // namespace winnow
