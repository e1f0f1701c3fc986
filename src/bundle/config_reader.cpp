#include "bundle/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace winnow {
namespace {

struct ActivationName {
  std::string_view name;
  HiddenActivation activation;
};

/// Hugging Face's spellings; the first of each kind is the one that is written.
constexpr std::array kActivations = {
    ActivationName{"gelu", HiddenActivation::kGelu},
    ActivationName{"gelu_python", HiddenActivation::kGelu},
    ActivationName{"gelu_new", HiddenActivation::kGeluTanh},
    ActivationName{"gelu_pytorch_tanh", HiddenActivation::kGeluTanh},
    ActivationName{"gelu_fast", HiddenActivation::kGeluTanh},
    ActivationName{"gelu_accurate", HiddenActivation::kGeluTanh},
    ActivationName{"relu", HiddenActivation::kRelu},
};

}  // namespace

std::unexpected<Error> BadConfig(std::string_view where, const std::string& why, std::string hint) {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", where, why), std::move(hint));
}

Result<int> ConfigReader::Size(const char* key, std::optional<int> fallback, int64_t minimum, int64_t maximum) const {
  const std::optional<int64_t> value = TRY(object_.Integer(key));
  if (!value && fallback) return *fallback;
  if (!value) return BadConfig(where_, fmt::format("has no '{}'", key));
  if (*value < minimum || *value > maximum) {
    return BadConfig(where_, fmt::format("'{}' is {}, expected {} to {}", key, *value, minimum, maximum));
  }
  return static_cast<int>(*value);
}

Result<float> ConfigReader::Real(const char* key, float fallback) const {
  const std::optional<double> value = TRY(object_.Number(key));
  return value ? static_cast<float>(*value) : fallback;
}

std::optional<HiddenActivation> ActivationOf(std::string_view name) {
  const auto found = std::ranges::find(kActivations, name, &ActivationName::name);
  if (found == kActivations.end()) return std::nullopt;
  return found->activation;
}

std::string_view NameOfActivation(HiddenActivation activation) {
  return std::ranges::find(kActivations, activation, &ActivationName::activation)->name;
}

Result<HiddenActivation> ReadActivation(const JsonObject& object, const char* key, const char* fallback,
                                        std::string_view where) {
  const std::string name = TRY(object.String(key)).value_or(fallback);
  if (const std::optional<HiddenActivation> activation = ActivationOf(name)) return *activation;
  return Fail(ErrorCode::kUnsupported, fmt::format("{}: '{}' is '{}'", where, key, name),
              "supported: gelu, gelu_new (and gelu_pytorch_tanh, gelu_fast), relu");
}

double ShortestDouble(float value) { return std::strtod(fmt::format("{}", value).c_str(), nullptr); }

}  // namespace winnow
