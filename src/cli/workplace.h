/// A directory of temporary files that goes with all in it.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

class Workplace {
 public:
  /// Makes "winnow-PURPOSE-XXXXXX" where the system keeps temporary files (TMPDIR). Errors: kIo.
  static Result<Workplace> Make(const std::string& purpose);
  Workplace(Workplace&& other) noexcept;
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit Workplace(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  // empty once moved from
};

}  // namespace winnow
