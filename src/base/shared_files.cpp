#include "base/shared_files.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/environment.h"
#include "base/files.h"

namespace winnow {

std::vector<std::string> SharedFileNames(const std::string& directory) {
  std::set<std::string> names;
  for (const std::filesystem::path& place : SharedDirectories(directory)) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(place, error)) {
      names.insert(entry.path().filename().string());
    }
  }
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    if (file.path.starts_with(directory + "/")) names.emplace(file.path.substr(directory.size() + 1));
  }
  return {names.begin(), names.end()};
}

Result<std::optional<SharedFile>> ReadSharedFile(const std::string& directory, const std::string& name) {
  for (const std::filesystem::path& place : SharedDirectories(directory)) {
    std::error_code error;
    const std::filesystem::path path = place / name;
    if (std::filesystem::is_regular_file(path, error)) return SharedFile{path.string(), TRY(ReadFile(path))};
  }
  const std::string wanted = directory + "/" + name;
  const auto embedded = std::ranges::find(EmbeddedFiles(), wanted, &EmbeddedFile::path);
  if (embedded == EmbeddedFiles().end()) return std::nullopt;
  return SharedFile{"built-in " + wanted, std::string(embedded->contents)};
}

}  // namespace winnow
