// A file of records as TensorFlow writes them (tensorflow/core/lib/io/record_writer.h): the data's length in 8 bytes,
// the length's masked CRC-32C, the data, the data's masked CRC-32C, all little-endian. The data are Event messages
// (tensorflow/core/util/event.proto), here with five fields in protobuf's wire format:
//   Event {1: double wall_time, 2: int64 step, 3: string file_version, 5: Summary summary, 7: SessionLog session_log}
//   Summary {1: repeated Value {1: string tag, 2: float simple_value}}
//   SessionLog {1: enum status, of which 1 is START}
#include "train/event_file.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

namespace winnow {
namespace {

std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    table[i] = crc;
  }
  return table;
}

/// The number's bytes, the lowest first.
template <class Number>
std::string Bytes(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};  // x86-64 and AArch64 are little-endian
}

/// A CRC of data that contain CRCs would be weak, so records carry it rotated and shifted.
uint32_t Masked(uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; }

std::string Varint(uint64_t number) {
  std::string bytes;
  for (; number >= 128; number >>= 7) bytes += static_cast<char>(number | 128);
  return bytes + static_cast<char>(number);
}

enum WireType { kVarint = 0, kEightBytes = 1, kLength = 2, kFourBytes = 5 };
std::string Key(int field, WireType type) { return Varint(static_cast<uint64_t>(field << 3 | type)); }
std::string Field(int field, std::string_view contents) {
  return Key(field, kLength) + Varint(contents.size()) + std::string(contents);
}

std::string WallTime() {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return Key(1, kEightBytes) + Bytes(now);
}

Error CantWrite(const std::filesystem::path& path) {
  return {ErrorCode::kIo, path.string() + ": cannot write: " + std::strerror(errno), ""};
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = MakeTable();
  uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(byte)) & 255];
  return ~crc;
}

Result<EventFile> EventFile::Create(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  char host[256] = "host";
  ::gethostname(host, sizeof host - 1);
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto path = dir / ("events.out.tfevents." + std::to_string(seconds) + "." + host + "." +
                           std::to_string(::getpid()) + ".winnow");
  std::FILE* file = std::fopen(path.c_str(), "ab");
  if (file == nullptr) return std::unexpected(CantWrite(path));
  EventFile events(file, path);
  TRY(events.Append(WallTime() + Field(3, "brain.Event:2")));
  return events;
}

Result<void> EventFile::AddRestart(int64_t step) {
  const std::string start = Key(1, kVarint) + Varint(1);
  return Append(WallTime() + Key(2, kVarint) + Varint(static_cast<uint64_t>(step)) + Field(7, start));
}

Result<void> EventFile::AddScalar(std::string_view tag, double value, int64_t step) {
  const std::string scalar = Field(1, tag) + Key(2, kFourBytes) + Bytes(static_cast<float>(value));
  return Append(WallTime() + Key(2, kVarint) + Varint(static_cast<uint64_t>(step)) + Field(5, Field(1, scalar)));
}

Result<void> EventFile::Append(std::string_view event) {
  const std::string length = Bytes(static_cast<uint64_t>(event.size()));
  const std::string record = length + Bytes(Masked(Crc32c(length))) + std::string(event) + Bytes(Masked(Crc32c(event)));
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() || std::fflush(file_.get()) != 0) {
    return std::unexpected(CantWrite(path_));
  }
  return {};
}

}  // namespace winnow
