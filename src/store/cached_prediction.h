/// The form of predictions in a cache that other programs can write to: each value contains a checksum of its key.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Returns the key "winnow:<model>:<SHA-256 of the ids>". `model` is a digest of everything that a prediction depends
/// on: weights, their precision, and options that affect the numbers.
std::string PredictionKey(std::string_view model, std::span<const int32_t> ids);

/// Returns a version, the number of floats, the floats (little-endian), and a checksum of these and the key.
std::string EncodePrediction(std::string_view key, std::span<const float> values);

/// Fills in `values` and returns true if `bytes` are what EncodePrediction made for that key and that many finite
/// floats; otherwise returns false without changing `values`. This detects damage and mix-ups, not malice: anybody who
/// can write to the cache can forge predictions.
bool DecodePrediction(std::string_view key, std::string_view bytes, std::span<float> values);

}  // namespace winnow
