/// Event files of scalars by step, which TensorBoard reads.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns the CRC-32C (Castagnoli, RFC 3720, appendix B.4).
uint32_t Crc32c(std::string_view bytes);

/// A file of events, which grows during a training so that it can be watched in a browser. Not thread-safe.
class EventFile {
 public:
  /// Creates `dir`, and in it a file with a name that TensorBoard recognizes. Errors: kIo.
  static Result<EventFile> Create(const std::filesystem::path& dir);

  /// Tells readers that a training goes on from `step`, the next one: TensorBoard drops what earlier files of the
  /// directory have of this step and later ones. Errors: kIo.
  Result<void> AddRestart(int64_t step);

  /// Appends a value and passes it to the system before returning. Errors: kIo.
  Result<void> AddScalar(std::string_view tag, double value, int64_t step);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  EventFile(std::FILE* file, std::filesystem::path path) : file_(file), path_(std::move(path)) {}
  Result<void> Append(std::string_view event);

  std::unique_ptr<std::FILE, Close> file_;
  std::filesystem::path path_;
};

}  // namespace winnow
