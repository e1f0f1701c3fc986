/// The files of share/winnow, such as presets: those of the installation, and copies of them that are part of the
/// program, so that a program that was copied alone still has them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// A file of share/winnow as it was when the program was built.
struct EmbeddedFile {
  std::string_view path;  ///< path below share/winnow: "presets/sms-spam.toml"
  std::string_view contents;
};

/// Returns all files of share/winnow, in the order of their paths. CMakeLists.txt has the definition generated.
std::span<const EmbeddedFile> EmbeddedFiles();

/// A file, and its name for messages.
struct SharedFile {
  std::string name;  ///< path of the file, or "built-in presets/sms-spam.toml"
  std::string contents;
};

/// Returns the names of the files of a directory below share/winnow, sorted: those of SharedDirectories and the
/// embedded ones.
std::vector<std::string> SharedFileNames(const std::string& directory);

/// Returns a file of share/winnow: the nearest one of SharedDirectories, otherwise the embedded one, otherwise none.
/// Errors: ReadFile's, for a file that exists and cannot be read.
Result<std::optional<SharedFile>> ReadSharedFile(const std::string& directory, const std::string& name);

}  // namespace winnow
