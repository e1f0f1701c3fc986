/// The bytes of an input as decisions: what a fuzzer builds a file from where random bytes would hardly ever be one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Gives numbers and texts from the begin of the input; zeros and empty texts once it has ended. Not thread-safe.
class InputBytes {
 public:
  InputBytes(const uint8_t* data, size_t size) : bytes_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const char byte = bytes_.front();
    bytes_.remove_prefix(1);
    return static_cast<uint8_t>(byte);
  }
  bool Flag() { return (Byte() & 1) != 0; }
  /// Returns a number below `limit`, which is at most 256.
  size_t Below(size_t limit) { return Byte() % limit; }
  /// Returns a little-endian number of so many bytes.
  uint64_t Number(int bytes) {
    uint64_t number = 0;
    for (int i = 0; i < bytes; ++i) number |= uint64_t{Byte()} << (8 * i);
    return number;
  }
  template <typename T, size_t N>
  const T& OneOf(const T (&choices)[N]) {
    return choices[Below(N)];
  }
  /// Returns a text of at most `most` bytes (at most 255), whose length is the next byte.
  std::string_view Text(size_t most = 255) {
    const size_t length = Below(most + 1 < 256 ? most + 1 : 256);
    const std::string_view text = bytes_.substr(0, length);
    bytes_.remove_prefix(text.size());
    return text;
  }
  /// Returns what comes before the next `end`, which is skipped, or all of the rest.
  std::string_view Until(char end) {
    const size_t at = std::min(bytes_.find(end), bytes_.size());
    const std::string_view text = bytes_.substr(0, at);
    bytes_.remove_prefix(std::min(at + 1, bytes_.size()));
    return text;
  }
  std::string_view Rest() {
    const std::string_view rest = bytes_;
    bytes_ = {};
    return rest;
  }

 private:
  std::string_view bytes_;
};

inline std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Overwrites a few bytes of a file that was built well, as damage does.
inline void Damage(InputBytes& input, std::string& file) {
  for (size_t changes = input.Below(5); changes > 0 && !file.empty(); --changes) {
    const size_t at = input.Number(2) % file.size();
    file[input.Flag() ? file.size() - 1 - at : at] = static_cast<char>(input.Byte());
  }
  if (input.Below(8) == 1) file.resize(file.size() - input.Number(2) % (file.size() + 1));
}

}  // namespace winnow
