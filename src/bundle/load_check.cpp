#include "bundle/load_check.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/scope_file.h"
#include "bundle/verified_files.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Files that a load reads if the bundle has them, besides weights.
constexpr std::array<std::string_view, 11> kSmallFiles = {
    "config.json",       kLabelsFile, "tokenizer.json", "tokenizer_config.json",   "special_tokens_map.json",
    "added_tokens.json", "vocab.txt", "spm.model",      "sentencepiece.bpe.model", "vocab.json",
    "merges.txt"};

/// The size in bytes from which files are hashed on a thread of their own, and remembered.
constexpr uint64_t kLarge = 1 << 20;

BundleTrust& Trust() {
  static BundleTrust trust;
  return trust;
}

struct CheckedFile {
  std::string name;
  std::string sha256;  // as the manifest has it; empty for the manifest itself
  FileIdentity identity = {};
  bool hashed = false;
};

std::unexpected<Error> Missing(const fs::path& dir, std::string_view name) {
  return Fail(ErrorCode::kInvalidModel,
              fmt::format("{}: no such file, but {} lists it", (dir / name).string(), kManifestFile),
              "copy or pull the model again, or pass --no-verify to load what is there");
}

}  // namespace

void SetBundleTrust(const BundleTrust& trust) { Trust() = trust; }
const BundleTrust& DefaultBundleTrust() { return Trust(); }

Result<void> CheckSignature(const fs::path& dir, std::string_view manifest, const MinisignKey& key) {
  const fs::path file = dir / kSignatureFile;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: the model is not signed, but must be signed with key {}", file.string(), key.IdText()),
                "sign it (minisign -S -m winnow.json), or omit --public-key");
  }
  constexpr uintmax_t kMaxBytes = 1 << 16;
  if (fs::file_size(file, ignored) > kMaxBytes) {
    return Fail(ErrorCode::kInvalidModel, file.string() + ": too large for a signature");
  }
  const std::string text = TRY(ReadFile(file));
  return VerifyMinisign(manifest, TRY(ParseMinisignSignature(text, file.string())), key, file.string());
}

struct LoadCheck::Parts {
  fs::path dir;
  std::vector<CheckedFile> files;  // the manifest first
  Result<void> result = {};        // of the hashing; the thread writes it
  std::thread thread;

  ~Parts() {
    if (thread.joinable()) thread.join();
  }

  Result<void> Add(const Manifest& manifest, std::string_view name, bool required, bool listed_only) {
    std::error_code ignored;
    const auto listed = manifest.sha256.find(std::string(name));
    const bool exists = fs::exists(dir / name, ignored);
    if (listed == manifest.sha256.end()) {
      if (!exists || !listed_only) return {};
      return Fail(ErrorCode::kInvalidModel,
                  fmt::format("{}: {}, which is signed, does not list the file", (dir / name).string(), kManifestFile),
                  "remove the file, which the signer of the model has not seen, or copy the model again");
    }
    if (!exists) return required ? Missing(dir, name) : Result<void>();
    files.push_back({std::string(name), listed->second, TRY(IdentityOf(dir / name))});
    return {};
  }

  Result<void> Hash(CheckedFile& file) const {
    const std::string found = TRY(Sha256OfFile(dir / file.name));
    file.hashed = true;
    if (found == file.sha256) return {};
    return Fail(
        ErrorCode::kInvalidModel,
        fmt::format("{}: the file is not the one that {} describes: its SHA-256 is {}, expected {}",
                    (dir / file.name).string(), kManifestFile, found, file.sha256),
        fmt::format("the file was changed or damaged after the model was written: 'winnow verify {}' lists such "
                    "files; copy or pull the model again, or pass --no-verify to load it nevertheless",
                    dir.string()));
  }

  Result<void> HashAll(const std::vector<CheckedFile*>& unknown) const {
    for (CheckedFile* const file : unknown) TRY(Hash(*file));
    return {};
  }

  /// Hashes small files at once, and large ones in a thread unless they are known.
  Result<void> Start() {
    std::vector<CheckedFile*> large;
    for (CheckedFile& file : files) {
      if (file.sha256.empty()) continue;
      if (file.identity.size >= kLarge) {
        large.push_back(&file);
      } else {
        TRY(Hash(file));
      }
    }
    if (large.empty()) return {};
    const VerifiedFiles verified = VerifiedFiles::Read();
    std::erase_if(large, [&](CheckedFile* file) { return verified.Contains(file->identity, file->sha256); });
    if (large.empty()) return {};
    try {
      thread = std::thread([this, large] { result = HashAll(large); });
    } catch (const std::system_error&) {  // no more threads
      result = HashAll(large);
    }
    return {};
  }
};

LoadCheck::LoadCheck(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LoadCheck::LoadCheck(LoadCheck&&) noexcept = default;
LoadCheck& LoadCheck::operator=(LoadCheck&&) noexcept = default;
LoadCheck::~LoadCheck() = default;

Result<LoadCheck> LoadCheck::Begin(const fs::path& dir, std::initializer_list<std::string_view> more,
                                   const BundleTrust& trust) {
  const fs::path path = dir / kManifestFile;
  std::error_code ignored;
  if (!trust.verify && !trust.key) return LoadCheck(nullptr);
  if (!fs::exists(path, ignored)) {
    if (!trust.key) return LoadCheck(nullptr);
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: the model has no {}, so that it cannot be signed", dir.string(), kManifestFile),
                "omit --public-key, or specify a bundle that Winnow wrote");
  }
  auto parts = std::make_unique<Parts>();
  parts->dir = dir;
  parts->files.push_back({kManifestFile, "", TRY(IdentityOf(path))});
  const std::string text = TRY(ReadFile(path));
  if (trust.key) TRY(CheckSignature(dir, text, *trust.key));
  const Manifest manifest = TRY(ParseManifest(text, path.string()));
  const bool listed_only = trust.key.has_value();
  for (const std::string_view name : kSmallFiles) TRY(parts->Add(manifest, name, name != kLabelsFile, listed_only));
  TRY(parts->Add(manifest, kScopeFile, /*required=*/true, listed_only));
  // Which weights and labels there are, the loader finds out, and says what is missing.
  for (const std::string_view name : more) TRY(parts->Add(manifest, name, /*required=*/false, listed_only));
  TRY(parts->Start());
  return LoadCheck(std::move(parts));
}

Result<void> LoadCheck::Finish() {
  if (!parts_) return {};
  if (parts_->thread.joinable()) parts_->thread.join();
  TRY(parts_->result);
  for (const CheckedFile& file : parts_->files) {
    const fs::path path = parts_->dir / file.name;
    const FileIdentity now = TRY(IdentityOf(path));
    if (!now.HasContentsOf(file.identity)) {
      return Fail(ErrorCode::kIo, path.string() + ": the file was changed while the model was loaded",
                  "try again when nothing writes to the model any more");
    }
    if (file.hashed && file.identity.size >= kLarge && now == file.identity) VerifiedFiles::Remember(now, file.sha256);
  }
  return {};
}

Result<void> CheckFiles(const fs::path& dir, std::initializer_list<std::string_view> more, const BundleTrust& trust) {
  return TRY(LoadCheck::Begin(dir, more, trust)).Finish();
}

}  // namespace winnow
