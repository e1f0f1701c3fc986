/// Whole files in gzip's format, read and written at once.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace winnow {

/// What the file at `path` holds once it is unpacked; fails the test and returns "" where it cannot be opened.
inline std::string ReadGzip(const std::filesystem::path& path) {
  std::string text;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    ADD_FAILURE() << "cannot open " << path;
    return text;
  }
  char buffer[1 << 16];
  for (int count; (count = gzread(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(count));
  gzclose(file);
  return text;
}

/// Writes `contents` compressed to `path`, replacing what is there.
inline void WriteGzip(const std::filesystem::path& path, std::string_view contents) {
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr) << path;
  EXPECT_EQ(gzwrite(file, contents.data(), static_cast<unsigned>(contents.size())), static_cast<int>(contents.size()));
  EXPECT_EQ(gzclose(file), Z_OK);
}

}  // namespace winnow
