/// The must-pass list of a server: messages with the verdict that the filter must give them, in
/// WORKSPACE/rules/must_pass.jsonl (filter/must_pass.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "filter/must_pass.h"

namespace winnow {

/// The largest number of messages on the list of a server, all of which are checked at once.
inline constexpr size_t kMostMustPassMessages = 1000;

/// Returns the identifier of a message on the list: a digest of its contents.
std::string MustPassId(const MustPassCase& expected);

/// Thread-safe.
class MustPassFile {
 public:
  explicit MustPassFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// Returns the messages; none if there is no file. Errors: those of ReadMustPass.
  Result<std::vector<MustPassCase>> Read() const;
  /// Adds a message, or replaces the label and the note of the same one. Returns true if it is new. Errors: those of
  /// Read; kInvalidArgument for one too many; kIo.
  Result<bool> Put(const MustPassCase& expected);
  /// Removes a message, and returns it. Errors: those of Read; kNotFound; kIo.
  Result<MustPassCase> Remove(std::string_view id);

 private:
  Result<std::vector<MustPassCase>> ReadLocked() const REQUIRES(mutex_);
  Result<void> Write(const std::vector<MustPassCase>& cases) const REQUIRES(mutex_);

  const std::filesystem::path path_;
  mutable Mutex mutex_;
};

}  // namespace winnow
