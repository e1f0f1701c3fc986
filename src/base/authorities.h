/// Where systems keep the certificate authorities that they trust.
#pragma once

#include <filesystem>
#include <optional>

namespace winnow {

/// Returns the file of trusted certificate authorities of this system where OpenSSL and libcurl, as Debian builds them,
/// would not find it: nothing on Debian, Ubuntu, Arch or Alpine, /etc/pki/tls/certs/ca-bundle.crt on Fedora. The places
/// are those of Go's crypto/x509/root_linux.go. Files are looked for below `root`.
std::optional<std::filesystem::path> OtherAuthorities(const std::filesystem::path& root = "/");

}  // namespace winnow
