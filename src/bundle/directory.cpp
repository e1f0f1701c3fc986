#include "bundle/directory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <set>

#include "base/ascii.h"
#include "base/files.h"
#include "base/path_error.h"
#include "base/rename.h"
#include "bundle/calibration_texts.h"
#include "bundle/manifest.h"
#include "bundle/model_card.h"
#include "bundle/model_version.h"
#include "bundle/output_lock.h"
#include "bundle/scope_file.h"
#include "bundle/training_info.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kFlatModelFile[] = "model.onnx";  // in a directory without folders
constexpr size_t kMaxStrangers = 10;
constexpr int kMaxDepth = 4;
constexpr std::string_view kRuns = "runs";  // event files of a training

/// What a bundle may hold beside the files that its manifest lists (DESIGN.md's table; a report and logs of training).
constexpr std::array<std::string_view, 28> kKnownFiles = {kManifestFile,
                                                          kSignatureFile,
                                                          kVersionFile,
                                                          kCardFile,
                                                          "config.json",
                                                          "model.safetensors",
                                                          "model_int8.safetensors",
                                                          "pytorch_model.bin",
                                                          "tokenizer.json",
                                                          "tokenizer_config.json",
                                                          "special_tokens_map.json",
                                                          "vocab.txt",
                                                          "spm.model",
                                                          "sentencepiece.bpe.model",
                                                          "vocab.json",
                                                          "merges.txt",
                                                          "added_tokens.json",
                                                          "sentence_bert_config.json",
                                                          "labels.json",
                                                          kTrainingInfoFile,
                                                          "model_metadata.json",
                                                          "trainer_state.json",
                                                          "linear.bin",
                                                          kScopeFile,
                                                          kCalibrationTextsFile,
                                                          "onnx/model.onnx",
                                                          "onnx/model_quantized.onnx",
                                                          kOnnxMetadataFile};

bool IsCheckpoint(const std::string& name) {
  constexpr std::string_view kPrefix = "checkpoint-";
  return name.starts_with(kPrefix) && name.size() > kPrefix.size() &&
         AreAsciiDigits(std::string_view(name).substr(kPrefix.size()));
}

/// ".checkpoint-14.winnow-Xy12Zw": what the writer of a checkpoint leaves when it is killed.
bool IsTornCheckpoint(const std::string& name) {
  const size_t end = name.find(".winnow-");
  return name.starts_with('.') && end != std::string::npos && IsCheckpoint(name.substr(1, end - 1));
}

/// Two directories change places in one step. False with errno where that can't be done.
bool Exchange(const fs::path& a, const fs::path& b) {
  errno = ExchangeNames(a.c_str(), b.c_str());
  return errno == 0;
}

/// What a directory contains.
struct Scan {
  bool empty = true;
  bool has_manifest = false;           // that can be read; or the files of a flat directory
  bool has_checkpoint = false;         // or logs of a training
  bool own_card = false;               // a README.md that people wrote, which is a stranger
  std::vector<std::string> files;      // outside checkpoints, strangers included
  std::vector<std::string> strangers;  // that no Winnow model has; also directories that nest too deeply
};

/// The names that the files of a Winnow model in this directory have.
std::set<std::string> KnownFilesOf(const fs::path& dir, bool& has_manifest) {
  std::set<std::string> known(kKnownFiles.begin(), kKnownFiles.end());
  std::error_code error;
  has_manifest = fs::exists(dir / kManifestFile, error);
  const auto exists = [&](const char* name) { return fs::exists(dir / name, error); };
  if (!has_manifest && exists(kFlatMetadataFile) && exists(kFlatModelFile) && exists(kVersionFile)) {
    known.insert({kFlatModelFile, std::string(kFlatModelFile) + ".data"});
    has_manifest = true;
    return known;
  }
  if (!has_manifest) return known;
  const Result<Manifest> manifest = ReadManifest(dir);
  has_manifest = manifest.has_value();
  if (manifest) {
    for (const auto& [name, digest] : manifest->sha256) known.insert(name);
  }
  return known;
}

Result<Scan> ScanDirectory(const fs::path& dir) {
  Scan scan;
  const std::set<std::string> known = KnownFilesOf(dir, scan.has_manifest);
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(dir, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string top = entry->path().filename().string();
    const std::string name = entry->path().lexically_relative(dir).generic_string();
    const bool is_directory = entry->is_directory() && !entry->is_symlink();
    if (entry.depth() == 0 && (top.starts_with(TemporaryPrefix(dir)) || IsTornCheckpoint(top))) {
      if (is_directory) entry.disable_recursion_pending();
      continue;  // a writer's own: on a mount point, or of a checkpoint whose writer was killed
    }
    if (entry.depth() == 0 && name == "lost+found") {
      entry.disable_recursion_pending();
      continue;
    }
    scan.empty = false;
    if (entry.depth() == 0 && is_directory && (IsCheckpoint(top) || top == kRuns)) {
      scan.has_checkpoint = true;
      entry.disable_recursion_pending();
    } else if (is_directory) {
      if (entry.depth() >= kMaxDepth) {
        scan.strangers.push_back(name);
        entry.disable_recursion_pending();
      }
    } else {
      scan.files.push_back(name);
      const bool own_card = name == kCardFile && HasOwnCard(dir);
      scan.own_card = scan.own_card || own_card;
      if (!known.contains(name) || own_card) scan.strangers.push_back(name);
    }
  }
  if (error) return std::unexpected(SystemErrorAt(dir, "cannot list", error.value()));
  return scan;
}

/// Links what is not of a Winnow model from `target` into `temporary`, where the new model has no file of that name. A
/// writer that is killed afterwards leaves each file in one directory at least.
Result<void> LinkStrangers(const fs::path& target, const fs::path& temporary) {
  const Scan scan = TRY(ScanDirectory(target));
  for (const std::string& name : scan.strangers) {
    std::error_code error;
    const fs::path from = target / name, to = temporary / name;
    if (fs::exists(fs::symlink_status(to, error))) continue;
    fs::create_directories(to.parent_path(), error);
    if (fs::is_symlink(from)) {
      if (!error) fs::copy_symlink(from, to, error);
    } else if (fs::is_directory(from, error)) {
      return Fail(ErrorCode::kExists,
                  from.string() + ": directories are nested too deeply to be kept in the output directory",
                  "specify another output directory");
    } else if (!error) {
      fs::create_hard_link(from, to, error);
    }
    if (error)
      return std::unexpected(SystemErrorAt(
          from, "cannot move this file, which is not part of the model, into the new directory of the model",
          error.value()));
  }
  return {};
}

/// Removes the model in `target`, then moves the files of `temporary` in, the manifest last. Other files stay.
Result<void> MoveContents(const fs::path& temporary, const fs::path& target) {
  std::error_code error;
  const Scan old = TRY(ScanDirectory(target));
  const std::set<std::string> strangers(old.strangers.begin(), old.strangers.end());
  fs::remove(target / kManifestFile, error);  // from here to the end the target is visibly no whole model
  for (const std::string& name : old.files) {
    if (!strangers.contains(name)) fs::remove(target / name, error);
    if (error) return std::unexpected(SystemErrorAt(target / name, "cannot remove", error.value()));
  }
  for (const auto& entry : fs::directory_iterator(target, error)) {
    const std::string top = entry.path().filename().string();
    std::error_code failed;
    if (entry.is_directory() && (IsCheckpoint(top) || top == kRuns || IsTornCheckpoint(top))) {
      fs::remove_all(entry.path(), failed);
    }
    if (failed) return std::unexpected(SystemErrorAt(entry.path(), "cannot remove", failed.value()));
  }
  std::vector<fs::path> names;
  for (auto entry = fs::recursive_directory_iterator(temporary, error); entry != fs::recursive_directory_iterator();
       ++entry) {
    if (!entry->is_directory() || entry->is_symlink()) names.push_back(entry->path().lexically_relative(temporary));
  }
  std::ranges::stable_partition(names, [](const fs::path& name) { return name != kManifestFile; });
  for (const fs::path& name : names) {
    fs::create_directories((target / name).parent_path(), error);
    if (::rename((temporary / name).c_str(), (target / name).c_str()) != 0)
      return std::unexpected(SystemErrorAt(target / name, "cannot move the new file to its final name"));
  }
  SyncDirectory(target);
  return {};
}

/// Returns true for the working directory and those above it: a shell would stay in a directory that was exchanged for
/// another, and see it removed.
bool ContainsWorkingDirectory(const fs::path& dir) {
  std::error_code error;
  const fs::path working = fs::current_path(error);
  return !error && std::mismatch(dir.begin(), dir.end(), working.begin(), working.end()).first == dir.end();
}

}  // namespace

bool IsBundleFile(std::string_view name) { return std::ranges::find(kKnownFiles, name) != kKnownFiles.end(); }

Result<TargetContents> InspectTarget(const fs::path& dir) {
  std::error_code error;
  const fs::file_status status = fs::status(dir, error);
  if (status.type() == fs::file_type::not_found) return TargetContents{};
  if (error) return std::unexpected(SystemErrorAt(dir, "cannot read", error.value()));
  if (status.type() != fs::file_type::directory) return TargetContents{TargetKind::kOther, {dir.filename().string()}};

  Scan scan = TRY(ScanDirectory(dir));
  if (scan.empty) return TargetContents{TargetKind::kEmpty, {}};
  const bool checkpoints_alone = scan.has_checkpoint && scan.files.empty();
  if (scan.has_manifest && scan.own_card) std::erase(scan.strangers, kCardFile);  // it stays
  if ((scan.has_manifest || checkpoints_alone) && scan.strangers.empty()) {
    return TargetContents{TargetKind::kWinnowModel, {}};
  }
  // Without strangers: a model of someone else's.
  std::vector<std::string>& named = scan.strangers.empty() ? scan.files : scan.strangers;
  named.resize(std::min(named.size(), kMaxStrangers));
  return TargetContents{TargetKind::kOther, std::move(named)};
}

Result<BundleWriter> BundleWriter::Begin(const fs::path& target, bool overwrite) {
  return Begin(target, overwrite, TRY(OutputLock::Take(TRY(ResolveTarget(target)))));
}

Result<BundleWriter> BundleWriter::Begin(const fs::path& target, bool overwrite, OutputLock lock) {
  BundleWriter writer;
  writer.target_ = TRY(ResolveTarget(target));
  writer.lock_ = lock.path().empty() ? TRY(OutputLock::Take(writer.target_)) : std::move(lock);
  std::error_code error;
  const TargetContents contents = TRY(InspectTarget(writer.target_));
  if (contents.kind == TargetKind::kOther) {
    if (fs::exists(writer.target_, error) && !fs::is_directory(writer.target_, error))
      return Fail(ErrorCode::kExists, fmt::format("{}: is a file, not a directory", target.string()),
                  "specify another output directory");
    if (!overwrite) {
      return Fail(
          ErrorCode::kExists,
          fmt::format("{}: contains files that are not part of a Winnow model: {}", target.string(),
                      fmt::join(contents.strangers, ", ")),
          "specify another output directory, or pass --overwrite: a model there is replaced, and other files stay");
    }
  }
  writer.keeps_strangers_ = contents.kind == TargetKind::kOther || HasOwnCard(writer.target_);
  writer.replaces_model_ =
      contents.kind == TargetKind::kWinnowModel && fs::exists(writer.target_ / kManifestFile, error);
  // The temporary directory is private; a bundle is as open as any directory that the user makes.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::chmod(writer.path().c_str(), 0777 & ~mask);
  return writer;
}

Result<void> BundleWriter::Commit() {
  const fs::path temporary = path();
  if (temporary.empty()) return Fail(ErrorCode::kInternal, "internal error: a bundle was committed twice");
  std::error_code error;
  const bool in_place = IsMountPoint(target_) || ContainsWorkingDirectory(target_);
  TRY(KeepOwnCard(target_, temporary));
  if (keeps_strangers_ && !in_place && fs::is_directory(target_, error)) TRY(LinkStrangers(target_, temporary));
  TRY(SyncTree(temporary));
  if (in_place) {
    TRY(MoveContents(temporary, target_));
  } else if (!fs::exists(target_, error)) {
    if (::rename(temporary.c_str(), target_.c_str()) != 0)
      return std::unexpected(SystemErrorAt(target_, "cannot move the new directory to its final name"));
    lock_.MoveTo({});
  } else if (!Exchange(temporary, target_)) {
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTTY)
      return std::unexpected(SystemErrorAt(target_, "cannot replace the old directory with the new one"));
    const fs::path old = temporary.string() + kOldTarget;
    if (::rename(target_.c_str(), old.c_str()) != 0)
      return std::unexpected(SystemErrorAt(target_, "cannot rename the old directory before replacing it"));
    if (::rename(temporary.c_str(), target_.c_str()) != 0) {
      const int number = errno;
      ::rename(old.c_str(), target_.c_str());
      return std::unexpected(SystemErrorAt(target_, "cannot move the new directory to its final name", number));
    }
    lock_.MoveTo(old);
  }
  SyncDirectory(target_.parent_path());
  lock_.Release();
  return {};
}

}  // namespace winnow
