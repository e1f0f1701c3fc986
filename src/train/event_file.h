/// Scalars by step, in the files that TensorBoard reads.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// CRC-32C (Castagnoli, RFC 3720, appendix B.4).
uint32_t Crc32c(std::string_view bytes);

/// One file of events, appended to as a training goes on, so that a browser can watch it. Not thread-safe.
class EventFile {
 public:
  /// Makes `dir`, and in it a file with a name that TensorBoard looks for. Errors: kIo.
  static Result<EventFile> Create(const std::filesystem::path& dir);

  /// The record is with the system when this returns. Errors: kIo.
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
