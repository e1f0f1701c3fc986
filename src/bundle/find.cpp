#include "bundle/find.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/files.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/training_info.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// The files of weights that Winnow loads.
constexpr std::array kWeights = {"linear.bin", "model.safetensors", "model_int8.safetensors"};

/// Returns true if the config.json of `dir` is that of a classifier. A base model has no labels, and other programs
/// have files of that name, too.
bool HoldsClassifier(const fs::path& dir) {
  const Result<std::string> text = ReadFile(dir / "config.json");
  if (!text) return false;
  if (const auto config = ParseModelConfig(*text, "config.json")) return !config->labels.empty();
  return HasWeights(dir) || Exists(dir / "pytorch_model.bin");
}

/// Returns the directories in `dir`, sorted, without hidden ones.
Result<std::vector<fs::path>> DirectoriesIn(const fs::path& dir) {
  std::vector<fs::path> found;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with('.')) continue;
    if (entry->is_directory(ignored)) found.push_back(entry->path());
  }
  if (error) return Fail(ErrorCode::kIo, dir.string() + ": cannot be listed: " + error.message());
  std::ranges::sort(found);
  return found;
}

}  // namespace

bool IsBundle(const fs::path& dir) {
  return Exists(dir / kManifestFile) || Exists(dir / "linear.bin") || Exists(dir / kTrainingInfoFile) ||
         HoldsClassifier(dir);
}

bool HasWeights(const fs::path& dir) {
  return std::ranges::any_of(kWeights, [&](const char* name) { return Exists(dir / name); });
}

bool IsExport(const fs::path& dir) {
  if (!Exists(dir / kManifestFile) || HasWeights(dir)) return false;
  const Result<Manifest> manifest = ReadManifest(dir);
  return manifest && !manifest->sha256.empty() &&
         std::ranges::none_of(kWeights, [&](const char* name) { return manifest->sha256.contains(name); });
}

fs::path CanonicalPath(const fs::path& path) {
  std::error_code error;
  fs::path canonical = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) canonical = path;
  return canonical.has_filename() ? canonical : canonical.parent_path();  // "spam/"
}

Result<std::vector<fs::path>> BundlesBelow(const fs::path& dir, int levels) {
  std::vector<fs::path> found;
  for (const fs::path& path : TRY(DirectoriesIn(dir))) {
    if (IsBundle(path)) {
      found.push_back(path);
    } else if (levels > 1) {
      const std::vector<fs::path> below = BundlesBelow(path, levels - 1).value_or(std::vector<fs::path>());
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  return found;
}

}  // namespace winnow
