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

/// One digest in the making: Update any number of times, then Hex once.
class Hasher {
 public:
  enum class Kind { kSha256, kSha1 };

  explicit Hasher(Kind kind);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text);
  /// 64 (SHA-256) or 40 (SHA-1) digits. The hasher is spent afterwards.
  std::string Hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256(std::string_view text);

/// Reads the file in pieces: no more memory than a buffer. Errors: kNotFound, kIo.
Result<std::string> Sha256OfFile(const std::filesystem::path& path);

/// Git's name of a file's contents, SHA-1 of "blob <size>\0<contents>": what the Hugging Face hub gives as the ETag of
/// small files. Errors: kNotFound, kIo.
Result<std::string> GitBlobSha1OfFile(const std::filesystem::path& path);

/// True for `digits` lower-case hexadecimal digits.
bool IsHexDigest(std::string_view text, size_t digits);

}  // namespace winnow
