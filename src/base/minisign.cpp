#include "base/minisign.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/lines.h"

namespace winnow {
namespace {

constexpr std::string_view kTrustedComment = "trusted comment: ";
constexpr std::string_view kUntrustedComment = "untrusted comment:";
constexpr size_t kKeyBytes = 2 + 8 + 32;
constexpr size_t kSignatureBytes = 2 + 8 + 64;
constexpr size_t kMaxFileBytes = 1 << 16;  // comments of minisign have at most 8,192 bytes

/// Decodes base64 with its padding (RFC 4648, section 4); nothing for any other text, so that bytes have one spelling.
std::optional<std::vector<uint8_t>> DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::vector<uint8_t> bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<uint8_t>(bits >> held));
  }
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

template <size_t N>
void Copy(std::span<const uint8_t> from, std::array<uint8_t, N>& to) {
  std::copy_n(from.begin(), N, to.begin());
}

std::string IdText(const std::array<uint8_t, 8>& id) {
  std::string text;
  for (size_t i = id.size(); i-- > 0;) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02X", static_cast<unsigned>(id[i]));
    text += digits;
  }
  return text;
}

std::unexpected<Error> BadSignature(std::string_view where, const std::string& why) {
  return Fail(ErrorCode::kInvalidModel, std::string(where) + ": not a signature of minisign: " + why,
              "copy the file again, or sign the model again: minisign -S -m winnow.json");
}

/// Returns true if the signature is that of the message; an error if OpenSSL cannot tell.
Result<bool> HasSigned(const MinisignKey& key, std::span<const uint8_t> message, std::span<const uint8_t> signature) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.key.data(), key.key.size()), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!public_key || !context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) != 1) {
    return Fail(ErrorCode::kInternal, "OpenSSL cannot verify Ed25519 signatures");
  }
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Result<std::vector<uint8_t>> Blake2b512(std::string_view message) {
  std::vector<uint8_t> digest(64);
  unsigned size = 0;
  if (EVP_Digest(message.data(), message.size(), digest.data(), &size, EVP_blake2b512(), nullptr) != 1 ||
      size != digest.size()) {
    return Fail(ErrorCode::kInternal, "OpenSSL cannot compute BLAKE2b-512");
  }
  return digest;
}

}  // namespace

std::string MinisignKey::IdText() const { return winnow::IdText(id); }

Result<MinisignKey> ParseMinisignKey(std::string_view text, std::string_view where) {
  std::string_view rest = text;
  std::string_view line = TakeLine(rest);
  if (line.starts_with(kUntrustedComment)) line = TakeLine(rest);
  const std::optional<std::vector<uint8_t>> bytes = DecodeBase64(line);
  if (!bytes || bytes->size() != kKeyBytes || (*bytes)[0] != 'E' || (*bytes)[1] != 'd' ||
      rest.find_first_not_of("\r\n") != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, std::string(where) + ": not a public key of minisign",
                "specify the 56 characters that minisign -G prints after -P, or the .pub file that it writes");
  }
  MinisignKey key;
  Copy(std::span(*bytes).subspan(2), key.id);
  Copy(std::span(*bytes).subspan(10), key.key);
  return key;
}

Result<MinisignKey> FindMinisignKey(const std::string& key_or_file) {
  constexpr size_t kCharacters = kKeyBytes / 3 * 4;
  std::error_code ignored;
  if (!std::filesystem::exists(key_or_file, ignored)) {
    if (key_or_file.size() == kCharacters && key_or_file.starts_with("RW")) {
      return ParseMinisignKey(key_or_file, "public key");
    }
    return Fail(ErrorCode::kNotFound, key_or_file + ": neither a file nor a public key of minisign",
                "specify the 56 characters that minisign -G prints after -P, or the .pub file that it writes");
  }
  if (std::filesystem::file_size(key_or_file, ignored) > kMaxFileBytes) {
    return Fail(ErrorCode::kInvalidArgument, key_or_file + ": too large for a public key");
  }
  return ParseMinisignKey(TRY(ReadFile(key_or_file)), key_or_file);
}

Result<MinisignSignature> ParseMinisignSignature(std::string_view text, std::string_view where) {
  if (text.size() > kMaxFileBytes) return BadSignature(where, "the file has more than 64 kB");
  if (!TakeLine(text).starts_with(kUntrustedComment)) {
    return BadSignature(where, "the first line must begin with 'untrusted comment:'");
  }
  const std::optional<std::vector<uint8_t>> bytes = DecodeBase64(TakeLine(text));
  if (!bytes || bytes->size() != kSignatureBytes) {
    return BadSignature(where, "the second line must be 74 bytes in base64");
  }
  MinisignSignature signature;
  if ((*bytes)[0] != 'E' || ((*bytes)[1] != 'd' && (*bytes)[1] != 'D')) {
    return BadSignature(where, "the algorithm must be Ed25519 ('Ed' or 'ED')");
  }
  signature.prehashed = (*bytes)[1] == 'D';
  Copy(std::span(*bytes).subspan(2), signature.key_id);
  Copy(std::span(*bytes).subspan(10), signature.signature);
  const std::string_view comment = TakeLine(text);
  if (!comment.starts_with(kTrustedComment)) {
    return BadSignature(where, "the third line must begin with 'trusted comment: '");
  }
  signature.trusted_comment = comment.substr(kTrustedComment.size());
  const std::optional<std::vector<uint8_t>> global = DecodeBase64(TakeLine(text));
  if (!global || global->size() != signature.comment_signature.size()) {
    return BadSignature(where, "the fourth line must be 64 bytes in base64");
  }
  if (text.find_first_not_of("\r\n") != std::string_view::npos) {
    return BadSignature(where, "there is more text after the fourth line");
  }
  Copy(*global, signature.comment_signature);
  return signature;
}

Result<void> VerifyMinisign(std::string_view message, const MinisignSignature& signature, const MinisignKey& key,
                            std::string_view where) {
  const std::string place(where);
  if (signature.key_id != key.id) {
    return Fail(ErrorCode::kInvalidModel,
                place + ": signed with key " + IdText(signature.key_id) + ", but the trusted key is " + key.IdText(),
                "specify the public key of whoever signed the model, if you trust it");
  }
  std::vector<uint8_t> digest;
  std::span<const uint8_t> signed_bytes = BytesOf(message);
  if (signature.prehashed) {
    digest = TRY(Blake2b512(message));
    signed_bytes = digest;
  }
  if (!TRY(HasSigned(key, signed_bytes, signature.signature))) {
    return Fail(ErrorCode::kInvalidModel, place + ": the signature does not match the signed file",
                "one of the two files was changed after the signing: copy the model again, and do not use this one");
  }
  std::vector<uint8_t> both(signature.signature.begin(), signature.signature.end());
  both.insert(both.end(), signature.trusted_comment.begin(), signature.trusted_comment.end());
  if (!TRY(HasSigned(key, both, signature.comment_signature))) {
    return Fail(ErrorCode::kInvalidModel, place + ": the signature of the trusted comment does not match",
                "the comment was changed after the signing: copy the file again");
  }
  return {};
}

}  // namespace winnow
