/// The secret key under which servers authenticate what they share in Redis.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// Reads the key: all bytes of the file without line ends and blanks at its end. Warns if every user of this machine
/// can read the file. Errors: those of ReadSecretFile; kInvalidData if the key is shorter than 32 bytes. Messages do
/// not quote the key.
Result<std::string> ReadMacKey(const std::filesystem::path& path);

}  // namespace winnow
