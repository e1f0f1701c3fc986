#include "bundle/stored_zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace winnow {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kLocator64 = 0x07064b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20;
constexpr size_t kMaxComment = 0xffff;
constexpr uint16_t kExtra64 = 1;
constexpr uint16_t kEncrypted = 1;
constexpr uint64_t kMaxEntries = 1'000'000;

/// A little-endian number at a place that has been checked.
template <typename T>
T At(std::span<const std::byte> bytes, uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string_view where) : bytes_(bytes), where_(where) {}

  Result<std::vector<StoredEntry>> Read() {
    const Directory directory = TRY(FindDirectory());
    if (directory.count > kMaxEntries)
      return Bad(fmt::format("the number of entries is {}; at most {} are supported", directory.count, kMaxEntries));
    std::vector<StoredEntry> entries;
    entries.reserve(std::min(directory.count, bytes_.size() / kCentralBytes));
    uint64_t offset = directory.begin;
    for (uint64_t i = 0; i < directory.count; ++i) entries.push_back(TRY(ReadEntry(offset)));
    return entries;
  }

 private:
  struct Directory {
    uint64_t begin, count;
  };

  std::unexpected<Error> Bad(const std::string& why) const {
    return Fail(ErrorCode::kInvalidModel, fmt::format("{}: not a valid zip file: {}", where_, why),
                "the file is damaged or incomplete: copy or download it again");
  }

  bool Holds(uint64_t offset, uint64_t count) const {
    return offset <= bytes_.size() && count <= bytes_.size() - offset;
  }

  Result<Directory> FindDirectory() const {
    const std::optional<size_t> end = FindEnd();
    if (!end) return Bad("the end record is missing");
    if (At<uint16_t>(bytes_, *end + 4) != 0 || At<uint16_t>(bytes_, *end + 6) != 0)
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: is a zip file in several parts", where_));
    Directory directory{At<uint32_t>(bytes_, *end + 16), At<uint16_t>(bytes_, *end + 10)};
    if (*end >= kLocatorBytes && At<uint32_t>(bytes_, *end - kLocatorBytes) == kLocator64) {
      const auto end64 = At<uint64_t>(bytes_, *end - kLocatorBytes + 8);
      if (!Holds(end64, kEnd64Bytes) || At<uint32_t>(bytes_, end64) != kEnd64)
        return Bad("the ZIP64 record is not at the position that the zip file specifies");
      directory = {At<uint64_t>(bytes_, end64 + 48), At<uint64_t>(bytes_, end64 + 32)};
    }
    return directory;
  }

  /// The last record, behind which only a comment lies.
  std::optional<size_t> FindEnd() const {
    if (bytes_.size() < kEndBytes) return std::nullopt;
    const size_t last = bytes_.size() - kEndBytes;
    for (size_t back = 0; back <= std::min(last, kMaxComment); ++back) {
      if (At<uint32_t>(bytes_, last - back) == kEnd && At<uint16_t>(bytes_, last - back + 20) == back)
        return last - back;
    }
    return std::nullopt;
  }

  /// Reads the entry whose header in the directory lies at `offset`, which then moves on to the next.
  Result<StoredEntry> ReadEntry(uint64_t& offset) const {
    if (!Holds(offset, kCentralBytes) || At<uint32_t>(bytes_, offset) != kCentralHeader)
      return Bad("the central directory is truncated");
    const auto flags = At<uint16_t>(bytes_, offset + 8);
    const auto method = At<uint16_t>(bytes_, offset + 10);
    const auto name_bytes = At<uint16_t>(bytes_, offset + 28);
    const auto extra_bytes = At<uint16_t>(bytes_, offset + 30);
    const auto comment_bytes = At<uint16_t>(bytes_, offset + 32);
    if (!Holds(offset + kCentralBytes, uint64_t{name_bytes} + extra_bytes + comment_bytes))
      return Bad("the central directory is truncated");
    StoredEntry entry;
    entry.name.assign(reinterpret_cast<const char*>(bytes_.data() + offset + kCentralBytes), name_bytes);
    entry.crc32 = At<uint32_t>(bytes_, offset + 16);
    uint64_t packed = At<uint32_t>(bytes_, offset + 20);
    uint64_t size = At<uint32_t>(bytes_, offset + 24);
    uint64_t local = At<uint32_t>(bytes_, offset + 42);
    if (!ReadExtra64(bytes_.subspan(offset + kCentralBytes + name_bytes, extra_bytes), {&size, &packed, &local}))
      return Bad("the ZIP64 field of an entry is truncated");
    if (method != 0 || (flags & kEncrypted) != 0) {
      return Fail(ErrorCode::kUnsupported,
                  fmt::format("{}: is a zip file whose entries are compressed or encrypted", where_),
                  "PyTorch does not compress entries: save the model with torch.save");
    }
    if (packed != size) return Bad("the size of an entry differs between its local header and the central directory");
    // The local header repeats the name, and has an extra field of its own: padding, so that data are aligned.
    if (!Holds(local, kLocalBytes) || At<uint32_t>(bytes_, local) != kLocalHeader)
      return Bad("an entry is not at the position that the central directory specifies");
    const uint64_t data =
        local + kLocalBytes + At<uint16_t>(bytes_, local + 26) + uint64_t{At<uint16_t>(bytes_, local + 28)};
    if (!Holds(data, size)) return Bad(fmt::format("an entry of {} bytes extends beyond the end of the file", size));
    entry.data = bytes_.subspan(data, size);
    offset += kCentralBytes + uint64_t{name_bytes} + extra_bytes + comment_bytes;
    return entry;
  }

  /// Numbers that don't fit 32 bits are all ones in the header, and lie in this field in the order given.
  static bool ReadExtra64(std::span<const std::byte> extra, std::initializer_list<uint64_t*> numbers) {
    const auto is_elsewhere = [](const uint64_t* number) { return *number == 0xffffffff; };
    if (std::ranges::none_of(numbers, is_elsewhere)) return true;
    for (size_t at = 0; at + 4 <= extra.size();) {
      const auto id = At<uint16_t>(extra, at);
      const auto length = At<uint16_t>(extra, at + 2);
      at += 4;
      if (length > extra.size() - at) return false;
      if (id != kExtra64) {
        at += length;
        continue;
      }
      size_t read = 0;
      for (uint64_t* number : numbers) {
        if (!is_elsewhere(number)) continue;
        if (read + 8 > length) return false;
        *number = At<uint64_t>(extra, at + read);
        read += 8;
      }
      return true;
    }
    return true;  // a number may be all ones by chance
  }

  std::span<const std::byte> bytes_;
  std::string_view where_;
};

}  // namespace

Result<std::vector<StoredEntry>> ReadStoredZip(std::span<const std::byte> bytes, std::string_view where) {
  return Reader(bytes, where).Read();
}

Result<void> CheckSum(const StoredEntry& entry, std::string_view where) {
  if (entry.crc32 == 0) return {};
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(entry.data.data()), entry.data.size());
  if (sum == entry.crc32) return {};
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: '{}' is damaged (its checksum is wrong)", where, entry.name),
              "copy or download the file again");
}

}  // namespace winnow
