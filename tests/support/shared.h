/// Real data, goldens and weights that lie beside the checkout (WINNOW_SHARED, or ../shared). Never part of the
/// project: a test that needs them skips, and says so, where they are absent.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "support/source_directory.h"

namespace winnow {

inline std::filesystem::path SharedDirectory() {
  if (const char* given = std::getenv("WINNOW_SHARED")) return given;
  return SourceDirectory() / ".." / "shared";
}

}  // namespace winnow

/// Declares `name` as the path of a file or directory in the shared directory, or skips the test.
#define REQUIRE_SHARED(name, relative)                                         \
  const std::filesystem::path name = ::winnow::SharedDirectory() / (relative); \
  if (!std::filesystem::exists(name)) GTEST_SKIP() << "needs " << (relative) << " in the shared directory"
