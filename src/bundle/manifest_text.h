/// The contents of winnow.json, without the directory that it lies in; see also ParseManifest in bundle/manifest.h.
#pragma once

#include <string_view>

#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"

namespace winnow {

/// Checks that the fields of a manifest are valid. `where` is the beginning of error messages. Errors: kInvalidModel.
Result<void> ValidateManifest(const Manifest& manifest, std::string_view where);

/// Returns the maximum length of a model without winnow.json: 'model_max_length' of tokenizer_config.json, to which
/// transformers truncates, but at most MaxTokens(config). `tokenizer_config` is the content of that file, empty if
/// there is none; a length that it does not state, or one that is too small for any text, does not count. `where` is
/// the beginning of error messages. Errors: kInvalidModel if the file is not JSON.
Result<int> DefaultMaxLength(const ModelConfig& config, std::string_view tokenizer_config, std::string_view where);

}  // namespace winnow
