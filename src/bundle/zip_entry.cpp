#include "bundle/zip_entry.h"

#include <fmt/format.h>
#include <zip.h>

#include <memory>
#include <span>
#include <vector>

#include "base/files.h"

namespace winnow {
namespace {

struct ZipCloser {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
struct EntryCloser {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::string ZipMessage(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return message;
}

}  // namespace

Result<void> ExtractZipEntry(const std::filesystem::path& archive, const std::string& name,
                             const std::filesystem::path& target, uint64_t max_bytes) {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: '{}' {}", archive.string(), name, why));
  };
  int code = 0;
  const std::unique_ptr<zip_t, ZipCloser> zip(zip_open(archive.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!zip) {
    return Fail(code == ZIP_ER_NOENT ? ErrorCode::kNotFound : ErrorCode::kInvalidData,
                fmt::format("{}: can't be read as a zip file: {}", archive.string(), ZipMessage(code)));
  }
  const zip_int64_t index = zip_name_locate(zip.get(), name.c_str(), 0);
  if (index < 0) return bad("is not in it");
  const std::unique_ptr<zip_file_t, EntryCloser> entry(zip_fopen_index(zip.get(), static_cast<zip_uint64_t>(index), 0));
  if (!entry) return bad(fmt::format("can't be opened: {}", zip_strerror(zip.get())));
  return WriteFileAtomically(target, [&](const FileSink& sink) -> Result<void> {
    std::vector<std::byte> buffer(1 << 18);
    uint64_t written = 0;
    for (;;) {
      const zip_int64_t count = zip_fread(entry.get(), buffer.data(), buffer.size());
      if (count < 0) return bad(fmt::format("can't be unpacked: {}", zip_file_strerror(entry.get())));
      if (count == 0) return {};
      written += static_cast<uint64_t>(count);
      if (written > max_bytes) return bad(fmt::format("takes more than {} bytes", max_bytes));
      TRY(sink(std::span(buffer).first(static_cast<size_t>(count))));
    }
  });
}

}  // namespace winnow
