/// Handles of libzip that close themselves, for the files of this folder that read archives.
#pragma once

#include <zip.h>

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace winnow {

struct ZipCloser {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
struct ZipEntryCloser {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using ZipArchive = std::unique_ptr<zip_t, ZipCloser>;
using ZipEntry = std::unique_ptr<zip_file_t, ZipEntryCloser>;

/// Opens an archive for reading and checks its directory. Errors: kNotFound; kInvalidData for a file that is not a zip
/// file.
Result<ZipArchive> OpenZip(const std::filesystem::path& path);

}  // namespace winnow
