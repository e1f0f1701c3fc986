#include "base/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/hexadecimal.h"

namespace winnow {
namespace {

Result<std::vector<unsigned char>> RandomBytes(size_t count) {
  std::vector<unsigned char> bytes(count);
  if (count > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) {
    return Fail(ErrorCode::kIo, "cannot get random bytes from the operating system", "check that /dev/urandom exists");
  }
  return bytes;
}

}  // namespace

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    Wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret::~Secret() { Wipe(); }

void Secret::Wipe() { OPENSSL_cleanse(text_.data(), text_.size()); }

std::string Secret::Redact(std::string message) const {
  constexpr size_t kShortest = 4;
  if (text_.size() < kShortest) return message;
  for (size_t at = 0; (at = message.find(text_, at)) != std::string::npos; at += 3)
    message.replace(at, text_.size(), "***");
  return message;
}

Result<std::string> RandomHex(size_t bytes) {
  const std::vector<unsigned char> random = TRY(RandomBytes(bytes));
  return Hexadecimal({reinterpret_cast<const char*>(random.data()), random.size()});
}

Result<std::string> RandomBase64Url(size_t bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::vector<unsigned char> random = TRY(RandomBytes(bytes));
  std::string text;
  uint32_t held = 0;  // bits that have no digit yet
  int bits = 0;
  for (const unsigned char byte : random) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 6; bits -= 6) text += kDigits[held >> (bits - 6) & 63];
    held &= (1u << bits) - 1;
  }
  if (bits > 0) text += kDigits[held << (6 - bits) & 63];
  return text;
}

std::string HmacSha256(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  if (::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size) == nullptr) {
    return {};
  }
  return {reinterpret_cast<const char*>(mac.data()), size};
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace winnow
