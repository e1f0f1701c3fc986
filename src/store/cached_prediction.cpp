#include "store/cached_prediction.h"

#include <bit>
#include <cmath>

#include "base/hash.h"

namespace winnow {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHeader = 1 + 4;
constexpr size_t kChecksum = 16;  // digits of 64 bits

void Append(std::string& bytes, uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(number >> shift & 0xff);
}

uint32_t NumberAt(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number |= uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return number;
}

std::string Checksum(std::string_view key, std::string_view bytes) {
  Hasher hasher(Hasher::Kind::kSha256);
  hasher.Update(key);
  hasher.Update(bytes);
  return hasher.Hex().substr(0, kChecksum);
}

}  // namespace

std::string PredictionKey(std::string_view model, std::span<const int32_t> ids) {
  std::string bytes;
  bytes.reserve(ids.size() * sizeof(int32_t));
  for (const int32_t id : ids) Append(bytes, static_cast<uint32_t>(id));
  return "winnow:" + std::string(model) + ":" + Sha256(bytes);
}

std::string EncodePrediction(std::string_view key, std::span<const float> values) {
  std::string bytes;
  bytes.reserve(kHeader + values.size() * sizeof(float) + kChecksum);
  bytes += kVersion;
  Append(bytes, static_cast<uint32_t>(values.size()));
  for (const float value : values) Append(bytes, std::bit_cast<uint32_t>(value));
  return bytes += Checksum(key, bytes);
}

bool DecodePrediction(std::string_view key, std::string_view bytes, std::span<float> values) {
  if (bytes.size() != kHeader + values.size() * sizeof(float) + kChecksum || bytes[0] != kVersion) return false;
  if (NumberAt(bytes, 1) != values.size()) return false;
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksum);
  if (Checksum(key, body) != bytes.substr(body.size())) return false;
  const auto value = [&](size_t i) { return std::bit_cast<float>(NumberAt(body, kHeader + i * sizeof(float))); };
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(value(i))) return false;
  }
  for (size_t i = 0; i < values.size(); ++i) values[i] = value(i);
  return true;
}

}  // namespace winnow
