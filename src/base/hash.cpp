#include "base/hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/hexadecimal.h"

namespace winnow {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<void> UpdateFromFile(const std::filesystem::path& path, Hasher& hasher) {
  // O_NONBLOCK: opening a pipe does not wait for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const std::unique_ptr<std::FILE, FileCloser> file(descriptor < 0 ? nullptr : ::fdopen(descriptor, "rb"));
  struct stat status = {};
  if (file && ::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode)) {
    return Fail(ErrorCode::kIo, path.string() + ": not a regular file");
  }
  if (!file) {
    const int number = errno;
    return Fail(number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                path.string() + ": cannot open: " + std::strerror(number));
  }
  std::vector<std::byte> buffer(kBufferBytes);
  for (;;) {
    const size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    hasher.Update(std::span(buffer).first(count));
    if (count == buffer.size()) continue;
    if (std::ferror(file.get()) != 0)
      return Fail(ErrorCode::kIo, path.string() + ": cannot read: " + std::strerror(errno));
    return {};
  }
}

}  // namespace

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(Kind kind) : state_(std::make_unique<State>()) {
  const EVP_MD* algorithm = kind == Kind::kSha256 ? EVP_sha256() : EVP_sha1();
  // Fails only without memory, or in a FIPS set-up that bars SHA-1; Hex then gives an empty digest, which matches none.
  if (state_->context != nullptr && EVP_DigestInit_ex(state_->context, algorithm, nullptr) != 1) {
    EVP_MD_CTX_free(state_->context);
    state_->context = nullptr;
  }
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::Update(std::span<const std::byte> bytes) {
  if (state_->context != nullptr && !bytes.empty()) EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

void Hasher::Update(std::string_view text) { Update(std::as_bytes(std::span(text))); }

std::string Hasher::Hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (state_->context == nullptr || EVP_DigestFinal_ex(state_->context, digest.data(), &size) != 1) return {};
  return Hexadecimal({reinterpret_cast<const char*>(digest.data()), size});
}

std::string Sha256(std::string_view text) {
  Hasher hasher(Hasher::Kind::kSha256);
  hasher.Update(text);
  return hasher.Hex();
}

Result<std::string> Sha256OfFile(const std::filesystem::path& path) {
  Hasher hasher(Hasher::Kind::kSha256);
  TRY(UpdateFromFile(path, hasher));
  return hasher.Hex();
}

Result<std::string> GitBlobSha1OfFile(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return Fail(ErrorCode::kNotFound, path.string() + ": " + error.message());
  Hasher hasher(Hasher::Kind::kSha1);
  const std::string header = "blob " + std::to_string(size);
  hasher.Update(std::string_view(header.c_str(), header.size() + 1));
  TRY(UpdateFromFile(path, hasher));
  return hasher.Hex();
}

}  // namespace winnow
