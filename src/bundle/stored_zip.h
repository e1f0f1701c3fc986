/// Zip files whose entries are stored without compression, as PyTorch writes them so that they can be mapped: contents
/// are read without a copy. Follows PKWARE's APPNOTE, with ZIP64. (libzip, which unpacks wheels, copies an entry's
/// bytes and does not tell their offset.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

struct StoredEntry {
  std::string name;
  std::span<const std::byte> data;
  uint32_t crc32 = 0;  ///< checksum of the contents; 0 if the writer gave none
};

/// Returns the entries of the archive in `bytes`, which must outlive the result, in the order of its directory. Offsets
/// and lengths have been checked, contents have not (see CheckSum). Errors: kInvalidModel; kUnsupported for a
/// compressed or encrypted entry, or an archive in several parts.
Result<std::vector<StoredEntry>> ReadStoredZip(std::span<const std::byte> bytes, std::string_view where);

/// Compares the contents of an entry with the archive's CRC-32. Errors: kInvalidModel if they differ.
Result<void> CheckSum(const StoredEntry& entry, std::string_view where);

}  // namespace winnow
