/// A model inside a Python wheel (a zip file). No code in the wheel is executed, and no name in it determines the path
/// of a written file.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace winnow {

/// An open wheel. Not thread-safe.
class Wheel {
 public:
  /// Opens a wheel and finds the directory in it that contains model.safetensors and config.json. Errors: kNotFound,
  /// kInvalidData for a file that is not a zip file or contains no model.
  static Result<Wheel> Open(const std::filesystem::path& path);

  Wheel(Wheel&&) noexcept;
  Wheel& operator=(Wheel&&) noexcept;
  ~Wheel();

  /// Returns the names of the model's files (see IsModelFile), without a directory.
  const std::vector<std::string>& files() const;

  /// Unpacks the file `file` to `target`, atomically. Writes at most the size in the archive's directory and verifies
  /// the checksum. Errors: kInvalidData, kIo.
  Result<void> Extract(const std::string& file, const std::filesystem::path& target) const;

 private:
  struct State;
  explicit Wheel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace winnow
