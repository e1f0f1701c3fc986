#include "artifacts/s3_checksum.h"

#include <openssl/evp.h>

#include <array>
#include <vector>

#include "base/hexadecimal.h"

namespace winnow {

std::string Md5(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (::EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) return {};
  return Hexadecimal({reinterpret_cast<const char*>(digest.data()), size});
}

std::string Base64OfHex(std::string_view hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<unsigned char> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<unsigned char>(value(hex[i]) * 16 + value(hex[i + 1])));
  std::vector<unsigned char> text(4 * ((bytes.size() + 2) / 3) + 1);
  const int size = ::EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<size_t>(size)};
}

}  // namespace winnow
