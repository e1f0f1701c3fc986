#include "artifacts/artifact_key.h"

#include <fmt/format.h>

#include <string>

#include "base/log.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMaxKeyBytes = 800;   // S3 takes 1024, which include the prefix of the store's URL
constexpr size_t kMaxPartBytes = 255;  // of a file name, on Linux

std::unexpected<Error> Bad(std::string_view key, std::string_view why) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("artifact key '{}': {}", Printable(key), why),
              "keys are relative paths such as spam/2.1.0/model.safetensors");
}

/// Returns what is wrong with the characters of a key, or nothing.
std::string_view CharacterProblem(std::string_view key) {
  for (size_t i = 0; i < key.size();) {
    const size_t begin = i;
    const char32_t c = NextCodePoint(key, i);
    if (c < 0x20 || c == 0x7f) return "contains a control character";
    if (c == '\\') return "contains a backslash";
    if (c == 0xfffd && key.substr(begin, i - begin) != "\xef\xbf\xbd") return "is not valid UTF-8";
    if (c == 0xfffe || c == 0xffff) return "contains a character that XML cannot represent";
  }
  return {};
}

/// Returns what is wrong with one part of a key, or nothing.
std::string_view PartProblem(std::string_view part) {
  if (part == "." || part == "..") return "contains the part '.' or '..'";
  if (part == kIncoming) return "contains the part '.incoming', which is kept for files that are not complete";
  if (part.size() > kMaxPartBytes) return "contains a part of more than 255 bytes";
  return {};
}

}  // namespace

Result<void> CheckArtifactKey(std::string_view key) {
  if (key.empty()) return Bad(key, "is empty");
  if (key.size() > kMaxKeyBytes) return Bad(key.substr(0, 80), "has more than 800 bytes");
  if (key.front() == '/') return Bad(key, "is an absolute path");
  TRY(CheckArtifactPrefix(key));
  if (key.back() == '/') return Bad(key, "ends with '/'");
  const std::string_view last = key.substr(key.rfind('/') + 1);
  if (const auto problem = PartProblem(last); !problem.empty()) return Bad(key, problem);
  return {};
}

Result<void> CheckArtifactPrefix(std::string_view prefix) {
  if (const auto problem = CharacterProblem(prefix); !problem.empty()) return Bad(prefix, problem);
  // What follows the last '/' may be any beginning of a part.
  for (size_t begin = 0, end; (end = prefix.find('/', begin)) != std::string_view::npos; begin = end + 1) {
    if (end == begin) return Bad(prefix, begin == 0 ? "is an absolute path" : "contains an empty part ('//')");
    if (const auto problem = PartProblem(prefix.substr(begin, end - begin)); !problem.empty())
      return Bad(prefix, problem);
  }
  return {};
}

}  // namespace winnow
