#include "server/must_pass_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"

namespace winnow {

std::string MustPassId(const MustPassCase& expected) {
  MustPassCase named;
  named.message = expected.message;  // whatever the label and the note are
  return Sha256(MustPassLine(named)).substr(0, 16);
}

Result<std::vector<MustPassCase>> MustPassFile::Read() const {
  const MutexLock lock(mutex_);
  return ReadLocked();
}

Result<std::vector<MustPassCase>> MustPassFile::ReadLocked() const {
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) return std::vector<MustPassCase>();
  return ReadMustPass(path_);
}

Result<void> MustPassFile::Write(const std::vector<MustPassCase>& cases) const {
  std::string contents;
  for (const MustPassCase& each : cases) contents += MustPassLine(each) + "\n";
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  if (cases.empty()) {  // a list without a message is no list
    std::filesystem::remove(path_, error);
    if (error) return Fail(ErrorCode::kIo, fmt::format("{} cannot be removed: {}", path_.string(), error.message()));
    return {};
  }
  return WriteFileAtomically(path_, contents);
}

Result<bool> MustPassFile::Put(const MustPassCase& expected) {
  const MutexLock lock(mutex_);
  std::vector<MustPassCase> cases = TRY(ReadLocked());
  const auto found = std::ranges::find(cases, MustPassId(expected), MustPassId);
  const bool is_new = found == cases.end();
  if (is_new && cases.size() >= kMostMustPassMessages) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the must-pass list has {} messages, which is the maximum", cases.size()));
  }
  if (is_new) {
    cases.push_back(expected);
  } else {
    *found = expected;
  }
  TRY(Write(cases));
  return is_new;
}

Result<MustPassCase> MustPassFile::Remove(std::string_view id) {
  const MutexLock lock(mutex_);
  std::vector<MustPassCase> cases = TRY(ReadLocked());
  const auto found = std::ranges::find(cases, id, MustPassId);
  if (found == cases.end()) return Fail(ErrorCode::kNotFound, "the must-pass list has no such message");
  MustPassCase removed = *found;
  cases.erase(found);
  TRY(Write(cases));
  return removed;
}

}  // namespace winnow
