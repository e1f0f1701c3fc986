/// Small zip files for tests, well formed or not, written by hand: entries are stored without compression.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace winnow {

/// The bytes of a zip file (PKWARE's APPNOTE) with these names and contents.
inline std::string ZipOf(const std::vector<std::pair<std::string, std::string>>& entries) {
  const auto put = [](std::string& out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  };
  std::string zip;
  std::string directory;
  for (const auto& [name, contents] : entries) {
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(contents.data()), contents.size());
    std::string common;  // version, flags, method, time, date, CRC, sizes, lengths of name and extra field
    put(common, 20, 2);
    put(common, 0, 2);
    put(common, 0, 2);
    put(common, 0x21 << 16, 4);
    put(common, crc, 4);
    put(common, contents.size(), 4);
    put(common, contents.size(), 4);
    put(common, name.size(), 2);
    put(common, 0, 2);
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    directory += common;
    put(directory, 0, 8);
    put(directory, 0, 2);  // comment, disk, attributes
    put(directory, zip.size(), 4);
    directory += name;
    put(zip, 0x04034b50, 4);
    zip += common + name + contents;
  }
  const size_t begin = zip.size();
  zip += directory;
  put(zip, 0x06054b50, 4);
  put(zip, 0, 4);
  put(zip, entries.size(), 2);
  put(zip, entries.size(), 2);
  put(zip, directory.size(), 4);
  put(zip, begin, 4);
  put(zip, 0, 2);
  return zip;
}

}  // namespace winnow
