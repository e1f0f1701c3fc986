#include "cli/api_key.h"

#include <algorithm>
#include <string_view>

#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "text/text_parts.h"

namespace winnow {

Result<std::string> ReadApiKey(const std::optional<std::filesystem::path>& file) {
  std::string key = EnvironmentVariable("WINNOW_API_KEY").value_or("");
  if (file) {
    const std::string text = TRY(ReadFile(*file));
    key = TrimAscii(text);
    if (key.empty()) return Fail(ErrorCode::kInvalidData, file->string() + ": the file of the API key is empty");
  }
  if (std::ranges::any_of(key, [](char c) { return c <= ' ' || c >= 0x7f; })) {
    return Fail(ErrorCode::kInvalidArgument, "the API key contains invalid characters",
                "the file must contain one API key on one line, not the hashes that the server reads");
  }
  return key;
}

void WarnOfOpenKey(const std::string& key, const ServerAddress& address, std::string_view what) {
  if (key.empty() || !address.IsOpen()) return;
  LogWarning("{}: the API key and the {} are sent without encryption; use https to protect them", address.shown, what);
}

}  // namespace winnow
