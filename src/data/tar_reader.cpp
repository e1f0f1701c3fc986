#include "data/tar_reader.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

namespace winnow {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kMaxName = 4096;

gzFile Handle(void* file) { return static_cast<gzFile>(file); }

/// A field of text, which ends at a NUL or at the field's end.
std::string_view TextAt(const char* block, size_t at, size_t length) {
  const std::string_view field(block + at, length);
  return field.substr(0, field.find('\0'));
}

/// Octal digits between spaces and NULs. GNU's binary numbers are for files past 8 GiB, which are refused anyway.
std::optional<uint64_t> OctalAt(const char* block, size_t at, size_t length) {
  uint64_t value = 0;
  bool any = false;
  size_t i = at;
  while (i < at + length && block[i] == ' ') ++i;
  for (; i < at + length && block[i] >= '0' && block[i] <= '7'; ++i) {
    value = value * 8 + static_cast<uint64_t>(block[i] - '0');  // at most 12 digits: 36 bits
    any = true;
  }
  if (i < at + length && block[i] != ' ' && block[i] != '\0') return std::nullopt;
  return any ? std::optional(value) : std::nullopt;
}

/// The sum of the header's bytes, those of the sum itself taken as spaces. Old archives summed signed bytes.
bool SumIsRight(const char* block) {
  const auto given = OctalAt(block, 148, 8);
  uint64_t sum = 0;
  int64_t signed_sum = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : block[i];
    sum += static_cast<unsigned char>(c);
    signed_sum += static_cast<signed char>(c);
  }
  return given && (*given == sum || static_cast<int64_t>(*given) == signed_sum);
}

}  // namespace

void TarReader::Closer::operator()(void* file) const { gzclose_r(Handle(file)); }

Error TarReader::Bad(const std::string& why) const {
  return {ErrorCode::kInvalidData, path_ + ": " + why, "download the archive again"};
}

Result<TarReader> TarReader::Open(const std::filesystem::path& path) {
  TarReader reader;
  reader.path_ = path.string();
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    const int number = errno;
    return Fail(number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                reader.path_ + ": cannot open: " + std::strerror(number));
  }
  reader.file_.reset(gzdopen(fd, "rb"));
  if (reader.file_ == nullptr) {
    ::close(fd);
    return Fail(ErrorCode::kIo, reader.path_ + ": cannot open: out of memory");
  }
  return reader;
}

Result<void> TarReader::ReadBytes(char* bytes, size_t count) {
  total_ += count;
  if (total_ > kMaxBytes) return std::unexpected(Bad("unpacks to more than " + std::to_string(kMaxBytes) + " bytes"));
  const int got = gzread(Handle(file_.get()), bytes, static_cast<unsigned>(count));
  if (got == static_cast<int>(count)) return {};
  int code = Z_OK;
  const std::string reason = gzerror(Handle(file_.get()), &code);
  if (code == Z_ERRNO) return Fail(ErrorCode::kIo, path_ + ": cannot read: " + std::strerror(errno));
  return std::unexpected(Bad(code == Z_OK ? "is truncated" : "is damaged or truncated: " + reason));
}

/// Reads the next block. Returns false at the end of the file.
Result<bool> TarReader::ReadBlock(char* block) {
  const int first = gzgetc(Handle(file_.get()));
  if (first == -1) {
    int code = Z_OK;
    const std::string reason = gzerror(Handle(file_.get()), &code);
    if (code != Z_OK) return std::unexpected(Bad("is damaged or truncated: " + reason));
    return false;
  }
  block[0] = static_cast<char>(first);
  TRY(ReadBytes(block + 1, kBlock - 1));
  return true;
}

Result<void> TarReader::Skip(uint64_t count) {
  std::array<char, 1 << 14> buffer;
  while (count > 0) {
    const auto piece = static_cast<size_t>(std::min<uint64_t>(count, buffer.size()));
    TRY(ReadBytes(buffer.data(), piece));
    count -= piece;
  }
  return {};
}

/// Reads the filling behind the archive's end, on to gzip's own checksum.
Result<void> TarReader::Drain() {
  std::array<char, 1 << 14> buffer;
  for (;;) {
    const int got = gzread(Handle(file_.get()), buffer.data(), static_cast<unsigned>(buffer.size()));
    int code = Z_OK;
    const std::string reason = gzerror(Handle(file_.get()), &code);
    if (code != Z_OK) return std::unexpected(Bad("is damaged or truncated: " + reason));
    if (got <= 0) return {};
    total_ += static_cast<uint64_t>(got);
    if (total_ > kMaxBytes) return std::unexpected(Bad("unpacks to more than " + std::to_string(kMaxBytes) + " bytes"));
  }
}

Result<bool> TarReader::Next() {
  std::string long_name;
  for (;;) {
    TRY(Skip(unread_ + padding_));
    unread_ = padding_ = 0;
    std::array<char, kBlock> block;
    if (!TRY(ReadBlock(block.data()))) {
      if (total_ == 0) return std::unexpected(Bad("is empty"));
      return std::unexpected(Bad("is truncated: the end of the archive is missing"));
    }
    // A block of zeros ends the archive.
    if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) {
      TRY(Drain());
      return false;
    }
    if (!SumIsRight(block.data()))
      return std::unexpected(Bad("is not a tar file, or is damaged: the checksum of a header is wrong"));
    const auto size = OctalAt(block.data(), 124, 12);
    if (!size || *size > kMaxBytes) return std::unexpected(Bad("the size of a member is invalid"));
    unread_ = *size;
    padding_ = (kBlock - *size % kBlock) % kBlock;
    const char type = block[156];
    if (type == 'L') {
      if (*size > kMaxName) return std::unexpected(Bad("a member's name is longer than " + std::to_string(kMaxName)));
      long_name = TRY(Read(kMaxName));
      long_name.resize(std::min(long_name.find('\0'), long_name.size()));
      continue;
    }
    if (type != '0' && type != '\0' && type != '7') {
      if (type != 'x' && type != 'g' && type != 'K') long_name.clear();  // those describe the member that follows
      continue;
    }
    const bool ustar = TextAt(block.data(), 257, 5) == "ustar";
    const std::string prefix(ustar ? TextAt(block.data(), 345, 155) : std::string_view());
    member_ = (prefix.empty() ? "" : prefix + "/") + std::string(TextAt(block.data(), 0, 100));
    if (!long_name.empty()) member_ = long_name;
    size_ = *size;
    return true;
  }
}

Result<std::string> TarReader::Read(size_t limit) {
  if (unread_ > limit) {
    return std::unexpected(
        Bad("'" + member_ + "' takes " + std::to_string(unread_) + " bytes, more than " + std::to_string(limit)));
  }
  std::string contents(static_cast<size_t>(unread_), '\0');
  TRY(ReadBytes(contents.data(), contents.size()));
  unread_ = 0;
  return contents;
}

}  // namespace winnow
