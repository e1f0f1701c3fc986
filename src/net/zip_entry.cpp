#include "net/zip_entry.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "base/files.h"
#include "net/zip_archive.h"

namespace winnow {
Result<void> ExtractZipEntry(const std::filesystem::path& archive, const std::string& name,
                             const std::filesystem::path& target, uint64_t max_bytes) {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: '{}' {}", archive.string(), name, why));
  };
  const ZipArchive zip = TRY(OpenZip(archive));
  const zip_int64_t index = zip_name_locate(zip.get(), name.c_str(), 0);
  if (index < 0) return bad("is not in the archive");
  const ZipEntry entry(zip_fopen_index(zip.get(), static_cast<zip_uint64_t>(index), 0));
  if (!entry) return bad(fmt::format("cannot be opened: {}", zip_strerror(zip.get())));
  return WriteFileAtomically(target, [&](const FileSink& sink) -> Result<void> {
    std::vector<std::byte> buffer(1 << 18);
    uint64_t written = 0;
    for (;;) {
      const zip_int64_t count = zip_fread(entry.get(), buffer.data(), buffer.size());
      if (count < 0) return bad(fmt::format("cannot be unpacked: {}", zip_file_strerror(entry.get())));
      if (count == 0) return {};
      written += static_cast<uint64_t>(count);
      if (written > max_bytes) return bad(fmt::format("is larger than the limit of {} bytes", max_bytes));
      TRY(sink(std::span(buffer).first(static_cast<size_t>(count))));
    }
  });
}

}  // namespace winnow
