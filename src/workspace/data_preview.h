/// The first rows of a data file, how it is read, and what was guessed about it in words.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

/// Returns the preview of a file, as GET /v1/data/{name}/preview has it: at most `limit` rows, of which long cells are
/// cut. Reads no more of the file than it needs. `header`: true or false if the user said so. A file whose rows cannot
/// be read as examples has the reason in "error", and its cells as far as they can be told. Errors: kInvalidArgument
/// for options that are not valid; kNotFound; kIo.
Result<Json> PreviewOf(const std::filesystem::path& file, const ReadOptions& options, std::optional<bool> header,
                       size_t limit);

}  // namespace winnow
