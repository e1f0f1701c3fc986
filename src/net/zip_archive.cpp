#include "net/zip_archive.h"

#include <fmt/format.h>

#include <string>

namespace winnow {

Result<ZipArchive> OpenZip(const std::filesystem::path& path) {
  int code = 0;
  ZipArchive zip(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (zip) return zip;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return Fail(code == ZIP_ER_NOENT ? ErrorCode::kNotFound : ErrorCode::kInvalidData,
              fmt::format("{}: cannot be read as a zip file: {}", path.string(), message));
}

}  // namespace winnow
