#include "report/find_bundles.h"

#include <algorithm>
#include <map>

#include "bundle/find.h"
#include "text/utf8.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kLevels = 2;

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
    return Fail(ErrorCode::kInvalidArgument, "no model is specified",
                "specify directories of models, or with --models a directory that contains models");
  }
  std::vector<fs::path> paths(named.begin(), named.end());
  if (models) {
    std::error_code error;
    if (!fs::is_directory(*models, error)) {
      return Fail(ErrorCode::kNotFound, "--models: " + models->string() + " is not a directory",
                  "specify a directory that contains models");
    }
    // One that cannot be listed holds none that could be used.
    const auto below = BundlesBelow(*models, kLevels).value_or(std::vector<fs::path>());
    paths.insert(paths.end(), below.begin(), below.end());
    if (paths.empty()) {
      return Fail(ErrorCode::kNotFound, "--models: there is no model below " + models->string(),
                  IsBundle(*models) ? "the directory is itself a model: specify it as BUNDLE"
                                    : "models are searched one and two levels deep");
    }
  }
  std::vector<FoundBundle> bundles;
  std::vector<fs::path> known;
  for (fs::path& path : paths) {
    const fs::path canonical = CanonicalPath(path);
    if (std::ranges::find(known, canonical) != known.end()) continue;
    known.push_back(canonical);
    bundles.push_back({.name = {}, .path = std::move(path)});
  }
  GiveNames(bundles);
  return bundles;
}

}  // namespace winnow
