#include "cli/find_bundles.h"

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/json.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/training_info.h"
#include "text/utf8.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kLevels = 2;

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Where config.json is all there is: a base model has no classifier, and other programs have a config.json, too. One
/// that can't be read is a classifier's, too, if it looks like one: then its error is told instead of nothing.
bool HoldsClassifier(const fs::path& dir) {
  const Result<std::string> text = ReadFile(dir / "config.json");
  if (!text) return false;
  if (const auto config = ParseModelConfig(*text, "config.json")) return !config->labels.empty();
  const bool weights =
      Exists(dir / "model.safetensors") || Exists(dir / "model_int8.safetensors") || Exists(dir / "pytorch_model.bin");
  return weights && (text->contains("ForSequenceClassification") || !ParseJson(*text, "config.json"));
}

bool IsBundle(const fs::path& dir) {
  return Exists(dir / kManifestFile) || Exists(dir / kTrainingInfoFile) || HoldsClassifier(dir);
}

void FindBelow(const fs::path& dir, int levels, std::vector<fs::path>& found) {
  std::error_code error;
  std::vector<fs::path> below;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (!hidden && entry->is_directory(ignored)) below.push_back(entry->path());
  }
  std::ranges::sort(below);
  for (const fs::path& path : below) {
    if (IsBundle(path)) {
      found.push_back(path);
    } else if (levels > 1) {
      FindBelow(path, levels - 1, found);
    }
  }
}

/// The directory as one path, whichever way it was named.
fs::path Canonical(const fs::path& path) {
  std::error_code error;
  fs::path canonical = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) canonical = path;
  return canonical.has_filename() ? canonical : canonical.parent_path();  // "spam/"
}

/// The last `parts` of a path, joined by '/'.
std::string LastParts(const fs::path& path, size_t parts) {
  std::vector<std::string> names;
  for (const fs::path& part : path.relative_path()) names.push_back(part.string());
  std::string name;
  for (size_t i = names.size() - std::min(parts, names.size()); i < names.size(); ++i)
    name += (name.empty() ? "" : "/") + names[i];
  std::string valid;
  for (size_t i = 0; i < name.size();) AppendUtf8(NextCodePoint(name, i), valid);
  return valid.empty() ? "/" : valid;
}

/// A bundle keeps the name that it was given: a link "latest" is "latest".
fs::path Given(const fs::path& path) {
  std::error_code error;
  fs::path given = fs::absolute(path, error).lexically_normal();
  if (error) given = path;
  return given.has_filename() ? given : given.parent_path();
}

void GiveNames(std::vector<FoundBundle>& bundles) {
  std::vector<size_t> parts(bundles.size(), 1);
  for (bool again = true; again;) {
    again = false;
    std::map<std::string, std::vector<size_t>> by_name;
    for (size_t b = 0; b < bundles.size(); ++b) {
      bundles[b].name = LastParts(Given(bundles[b].path), parts[b]);
      by_name[bundles[b].name].push_back(b);
    }
    for (const auto& [name, same] : by_name) {
      if (same.size() < 2) continue;
      for (const size_t b : same) {
        const std::string longer = LastParts(Given(bundles[b].path), ++parts[b]);
        again = again || longer != name;
      }
    }
  }
  // Paths that differ only in bytes that are no UTF-8.
  std::map<std::string, int> seen;
  for (FoundBundle& bundle : bundles) {
    if (const int before = seen[bundle.name]++; before > 0) bundle.name += " (" + std::to_string(before + 1) + ")";
  }
}

}  // namespace

Result<std::vector<FoundBundle>> FindBundles(std::span<const fs::path> named, const std::optional<fs::path>& models) {
  if (named.empty() && !models) {
    return Fail(ErrorCode::kInvalidArgument, "no model is named",
                "name BUNDLE directories, or a directory that holds them with --models");
  }
  std::vector<fs::path> paths(named.begin(), named.end());
  if (models) {
    std::error_code error;
    if (!fs::is_directory(*models, error)) {
      return Fail(ErrorCode::kNotFound, "--models: " + models->string() + " is no directory");
    }
    FindBelow(*models, kLevels, paths);
    if (paths.empty()) {
      return Fail(ErrorCode::kNotFound, "--models: no model lies below " + models->string(),
                  IsBundle(*models) ? "it is a model itself: name it as a BUNDLE"
                                    : "models are looked for one and two levels deep");
    }
  }
  std::vector<FoundBundle> bundles;
  std::vector<fs::path> known;
  for (fs::path& path : paths) {
    const fs::path canonical = Canonical(path);
    if (std::ranges::find(known, canonical) != known.end()) continue;
    known.push_back(canonical);
    bundles.push_back({.name = {}, .path = std::move(path)});
  }
  GiveNames(bundles);
  return bundles;
}

}  // namespace winnow
