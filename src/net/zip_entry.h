/// Extraction of one file from a zip archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// Unpacks the entry `name` of `archive` to `target`, atomically and piece by piece, and verifies its checksum. No name
/// in the archive determines the path of a written file. Errors: kNotFound without the archive; kInvalidData for a file
/// that is not a zip file, or whose entry is missing, damaged or larger than `max_bytes`; kIo.
Result<void> ExtractZipEntry(const std::filesystem::path& archive, const std::string& name,
                             const std::filesystem::path& target, uint64_t max_bytes);

}  // namespace winnow
