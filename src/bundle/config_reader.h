/// Reading the values of a config.json, and writing them; used by model_config.cpp and config_families.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "bundle/model_config.h"

namespace winnow {

/// The largest size that a config may ask for.
inline constexpr int64_t kMaxConfigSize = 1 << 20;

/// Returns an error of kind kInvalidModel about the config called `where`.
std::unexpected<Error> BadConfig(std::string_view where, const std::string& why, std::string hint = {});

/// Reads numbers by their keys. A missing number has Hugging Face's default, or is an error if there is none.
class ConfigReader {
 public:
  /// The arguments must outlive the reader.
  ConfigReader(const JsonObject& object, std::string_view where) : object_(object), where_(where) {}

  Result<int> Size(const char* key, std::optional<int> fallback, int64_t minimum, int64_t maximum) const;
  Result<float> Real(const char* key, float fallback) const;

 private:
  const JsonObject& object_;
  std::string_view where_;
};

/// Returns the activation that Hugging Face calls `name`; nothing if Winnow does not compute it.
std::optional<HiddenActivation> ActivationOf(std::string_view name);
/// Returns Hugging Face's name of an activation.
std::string_view NameOfActivation(HiddenActivation activation);
/// Reads an activation by its key. Errors: kUnsupported for activations that Winnow does not compute.
Result<HiddenActivation> ReadActivation(const JsonObject& object, const char* key, const char* fallback,
                                        std::string_view where);

/// Returns the shortest decimal that reads back as the same float: 0.1f is written as 0.1, as Hugging Face does.
double ShortestDouble(float value);

}  // namespace winnow
