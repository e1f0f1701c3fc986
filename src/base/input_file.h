/// Files that a user names as input: read piece by piece, where any file will do (a pipe, a terminal, standard input),
/// or required to be regular ones.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>

#include "base/result.h"

namespace winnow {

/// An open file or stream of bytes. Waiting for a pipe's writer, or for its bytes, ends when the user stops the process
/// (base/interrupt.h). Movable, not thread-safe.
class InputFile {
 public:
  /// Opens `path`; "-" is standard input. Errors: kNotFound; kIo; kInvalidData for a directory.
  static Result<InputFile> Open(const std::filesystem::path& path);
  InputFile() = default;
  InputFile(InputFile&& other) noexcept
      : name_(std::move(other.name_)), fd_(std::exchange(other.fd_, -1)), may_stall_(other.may_stall_) {}
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  /// Reads up to `count` bytes, as many as are there, and waits for the first; returns 0 at the end. Errors: kIo;
  /// kCancelled if the user stops the process meanwhile.
  Result<size_t> Read(char* bytes, size_t count);

  /// The name for messages: the path, or "standard input".
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  int fd_ = -1;
  bool may_stall_ = false;  // a pipe, a terminal or another device
};

/// Checks that `path` is a regular file of at most `max_bytes`, for libraries that open files by themselves and would
/// wait for the writer of a pipe for ever. Errors: kNotFound; kIo; kInvalidData if it is larger.
Result<void> CheckRegularFile(const std::filesystem::path& path, size_t max_bytes);

}  // namespace winnow
