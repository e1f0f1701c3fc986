/// Zip files whose entries are stored without compression, as PyTorch writes them so that they can be mapped: what they
/// hold is read where it lies. (PKWARE's APPNOTE, with ZIP64. libzip, which unpacks wheels, copies an entry's bytes and
/// doesn't tell where they are.)
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
  uint32_t crc32 = 0;  ///< 0 where the writer gave none
};

/// The entries of the archive in `bytes`, which must outlive the result, in the order of its directory. Every offset
/// and length has been checked; contents have not, see CheckSum. Errors: kInvalidModel; kUnsupported for a compressed
/// or encrypted entry, or an archive in several parts.
Result<std::vector<StoredEntry>> ReadStoredZip(std::span<const std::byte> bytes, std::string_view where);

/// Errors: kInvalidModel where the contents are not those that the archive's CRC-32 says.
Result<void> CheckSum(const StoredEntry& entry, std::string_view where);

}  // namespace winnow
