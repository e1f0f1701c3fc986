/// SHA-256 and SHA-1 as lower-case hexadecimal, of memory, files and streams. Over OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// A digest that is computed piece by piece: call Update any number of times, then Hex once.
class Hasher {
 public:
  enum class Kind { kSha256, kSha1 };

  explicit Hasher(Kind kind);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text);
  /// Returns the digest: 64 (SHA-256) or 40 (SHA-1) hexadecimal digits. The hasher cannot be used afterwards.
  std::string Hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256(std::string_view text);

/// Returns the SHA-256 of a file. Reads the file piece by piece, so that memory holds one buffer only. Errors:
/// kNotFound, kIo.
Result<std::string> Sha256OfFile(const std::filesystem::path& path);

/// Returns Git's name of a file's contents: SHA-1 of "blob <size>\0<contents>", which the Hugging Face hub sends as the
/// ETag of small files. Errors: kNotFound, kIo.
Result<std::string> GitBlobSha1OfFile(const std::filesystem::path& path);

/// Returns true if `text` consists of exactly `digits` lower-case hexadecimal digits.
bool IsHexDigest(std::string_view text, size_t digits);

}  // namespace winnow
