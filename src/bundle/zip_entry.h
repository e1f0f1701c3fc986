/// Extraction of one file from a zip archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// Unpacks the entry `name` of `archive` to `target`, atomically and in pieces; no name in the archive decides where
/// anything goes. Its checksum is checked. Errors: kNotFound without the archive; kInvalidData for a file that is not a
/// zip file, lacks the entry or damages it, and for more than `max_bytes`; kIo.
Result<void> ExtractZipEntry(const std::filesystem::path& archive, const std::string& name,
                             const std::filesystem::path& target, uint64_t max_bytes);

}  // namespace winnow
