/// Keys: the names of files in an artifact store.
#pragma once

#include <string_view>

#include "base/result.h"

namespace winnow {

/// Checks a key such as "spam/2.1.0/model.safetensors": a relative path in UTF-8, of at most 800 bytes, whose parts are
/// divided by '/' and have 1 to 255 bytes each. Parts must not be "." or "..", and there must be no backslash and no
/// control character, so that a key is a file name on every system and a key of S3 that XML can represent. The part
/// ".incoming" is kept for files that are being written. Errors: kInvalidArgument, with the reason.
Result<void> CheckArtifactKey(std::string_view key);

/// Checks what keys are searched by: the beginning of a key, of any length, or nothing. Errors: kInvalidArgument.
Result<void> CheckArtifactPrefix(std::string_view prefix);

/// The folder in which a folder store keeps files that are not complete, below the folder itself.
inline constexpr std::string_view kIncoming = ".incoming";

}  // namespace winnow
