#include "base/authorities.h"

namespace winnow {
namespace {

constexpr const char* kOfDebian = "etc/ssl/certs/ca-certificates.crt";
constexpr const char* kOthers[] = {
    "etc/pki/tls/certs/ca-bundle.crt",                   // Fedora
    "etc/ssl/ca-bundle.pem",                             // openSUSE
    "etc/pki/tls/cacert.pem",                            // OpenELEC
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
    "etc/ssl/cert.pem",                                  // Alpine
};

bool IsFile(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

}  // namespace

std::optional<std::filesystem::path> OtherAuthorities(const std::filesystem::path& root) {
  if (IsFile(root / kOfDebian)) return std::nullopt;
  for (const char* const place : kOthers) {
    if (IsFile(root / place)) return root / place;
  }
  return std::nullopt;
}

}  // namespace winnow
