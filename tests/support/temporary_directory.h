/// A directory that is made for one test and removed after it.
#pragma once

#include <filesystem>

#include "base/temporary_directory.h"

namespace winnow {

class TemporaryDirectory {
 public:
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  ScopedTemporaryDirectory directory_ = ScopedTemporaryDirectory::Make("test").value();
};

}  // namespace winnow
