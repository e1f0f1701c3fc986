/// The contents of winnow.json, without the directory that it lies in; see also ParseManifest in bundle/manifest.h.
#pragma once

#include <string_view>

#include "base/result.h"
#include "bundle/manifest.h"

namespace winnow {

/// Checks that the fields of a manifest are valid. `where` is the beginning of error messages. Errors: kInvalidModel.
Result<void> ValidateManifest(const Manifest& manifest, std::string_view where);

}  // namespace winnow
