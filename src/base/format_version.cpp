#include "base/format_version.h"

#include <fmt/format.h>

namespace winnow {

std::string UseNewerVersion(std::string_view writer) {
  if (writer.empty()) return "use the version of Winnow that wrote it, or a newer one";
  return fmt::format("use Winnow {} or a newer version", writer);
}

Error NewerFormatError(std::string_view where, std::string_view what, int64_t found, int64_t known,
                       std::string_view writer) {
  return {ErrorCode::kUnsupported,
          fmt::format("{}: {} has format {}{}{}, and this program, Winnow {}, reads formats up to {}", where, what,
                      found, writer.empty() ? "" : ", written by Winnow ", writer, WINNOW_VERSION, known),
          UseNewerVersion(writer)};
}

}  // namespace winnow
