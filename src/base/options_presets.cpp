// Presets: files of options that have a name.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/options.h"
#include "base/options_toml.h"
#include "base/shared_files.h"
#include "base/suggest.h"

namespace winnow {

/// Files that a caller specifies take the place of those of share/winnow.
Result<void> OptionTable::ApplyPreset(const std::string& name, const OptionSources& sources) {
  if (name.find('/') != std::string::npos || name.ends_with(".toml")) {
    return ApplyEntries(TRY(ReadTomlOptions(name)), name, OptionOrigin::kPreset);
  }
  std::vector<std::string> known;
  const auto note = [&](const std::filesystem::path& file) {
    if (file.extension() == ".toml") known.push_back(file.stem().string());
  };
  if (sources.preset_directories) {
    for (const std::filesystem::path& directory : *sources.preset_directories) {
      std::error_code error;
      const std::filesystem::path path = directory / (name + ".toml");
      if (std::filesystem::is_regular_file(path, error)) {
        return ApplyEntries(TRY(ReadTomlOptions(path)), path.string(), OptionOrigin::kPreset);
      }
      for (const auto& entry : std::filesystem::directory_iterator(directory, error)) note(entry.path());
    }
  } else {
    const std::optional<SharedFile> file = TRY(ReadSharedFile("presets", name + ".toml"));
    if (file) {
      return ApplyEntries(TRY(ParseTomlOptions(file->contents, file->name)), file->name, OptionOrigin::kPreset);
    }
    for (const std::string& shared : SharedFileNames("presets")) note(shared);
  }
  std::sort(known.begin(), known.end());
  const std::string all = known.empty() ? "use --config FILE for a file of your own"
                                        : fmt::format("available presets: {}", fmt::join(known, ", "));
  return Fail(ErrorCode::kInvalidArgument, fmt::format("unknown preset '{}'", name), DidYouMean(name, known, all));
}

}  // namespace winnow
