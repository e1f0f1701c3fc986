#include "artifacts/aws_profile.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/lines.h"

namespace winnow {
namespace {

std::string_view Stripped(std::string_view text) { return Trim(text, " \t\r"); }

/// Returns the line without a comment behind a space: "a = b # c".
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 1; i < line.size(); ++i) {
    if ((line[i] == '#' || line[i] == ';') && (line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  }
  return line;
}

/// Returns the profile that a section's title names, or nothing if it is another kind of section.
std::string ProfileOf(std::string_view title, bool is_config) {
  constexpr std::string_view kWord = "profile";
  title = Stripped(title);
  if (!is_config || title == "default") return std::string(title);
  if (!title.starts_with(kWord) || title.size() == kWord.size()) return {};
  const char next = title[kWord.size()];
  if (next != ' ' && next != '\t') return {};
  title = Stripped(title.substr(kWord.size()));
  if (title.size() >= 2 && title.front() == title.back() && (title.front() == '"' || title.front() == '\''))
    title = title.substr(1, title.size() - 2);
  return std::string(title);
}

}  // namespace

Result<std::map<std::string, AwsProfile>> ParseAwsProfiles(std::string_view text, bool is_config) {
  std::map<std::string, AwsProfile> profiles;
  std::string profile;
  const auto bad = [](int number, std::string_view what) {
    return Fail(ErrorCode::kInvalidData, fmt::format("line {}: {}", number, what),
                "expected sections such as [default] with lines such as aws_access_key_id = ...");
  };
  text = WithoutByteOrderMark(text);
  bool any_section = false;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view whole = TakeLine(text);
    const bool indented = whole.starts_with(' ') || whole.starts_with('\t');
    const std::string_view line = Stripped(WithoutComment(whole));
    if (line.empty() || line.front() == '#' || line.front() == ';' || indented) continue;
    if (line.front() == '[') {
      if (line.back() != ']' || line.size() < 3) return bad(number, "a section is not closed by ']'");
      profile = ProfileOf(line.substr(1, line.size() - 2), is_config);
      if (!profile.empty()) profiles[profile];
      any_section = true;
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos || Stripped(line.substr(0, equals)).empty())
      return bad(number, "expected a section or NAME = VALUE");
    if (!any_section) return bad(number, "a setting stands before the first section");
    if (profile.empty()) continue;
    profiles[profile][LowerAscii(Stripped(line.substr(0, equals)))] = Stripped(line.substr(equals + 1));
  }
  return profiles;
}

}  // namespace winnow
