/// How answers lie in a cache that others can write to: bytes that prove whose answer they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// "winnow:<model>:<SHA-256 of the ids>". `model` is a digest of all that an answer depends on: weights, their
/// precision, options that are part of the numbers.
std::string AnswerKey(std::string_view model, std::span<const int32_t> ids);

/// A version, the number of floats, the floats (little-endian), and a checksum of these and the key.
std::string EncodeAnswer(std::string_view key, std::span<const float> values);

/// Writes all of `values`; or false, and leaves them alone, for anything but what EncodeAnswer made of that key and
/// that many finite floats. That finds damage and mix-ups, not malice: anybody who can write to the cache can forge
/// predictions.
bool DecodeAnswer(std::string_view key, std::string_view bytes, std::span<float> values);

}  // namespace winnow
