/// The keys of config.json that only one family of encoders has.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "bundle/config_reader.h"
#include "bundle/model_config.h"

namespace winnow {

/// Reads the family's own keys into `config`, whose common ones were read. Errors: kInvalidModel; kUnsupported for
/// variants that Winnow does not compute, naming the key.
Result<void> ReadFamily(const JsonObject& object, const ConfigReader& reader, std::string_view where,
                        ModelConfig& config);

/// Checks that the values of the family's own keys fit together. Errors: kInvalidModel.
Result<void> ValidateFamily(const ModelConfig& config, std::string_view where);

/// Writes the family's own keys.
void FormatFamily(const ModelConfig& config, Json& json);

}  // namespace winnow
