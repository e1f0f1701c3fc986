/// Detection of mojibake, UTF-8 text that was read as Windows-1252 or Latin-1 and written again: "cafÃ©", "itâ€™s".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

struct Mojibake {
  std::string broken, repaired;  ///< the first occurrence: "Ã©", "é"
  size_t count = 0;              ///< number of characters that appear as several characters in the text
};

/// Searches a text for groups of characters that are the bytes of one UTF-8 character read one by one. One group of
/// three or four characters is sufficient. Of groups of two, which also occur in correct texts ("CAFÉ»"), one that
/// begins with Â or Ã is sufficient, otherwise several are required.
std::optional<Mojibake> FindMojibake(std::string_view text);

}  // namespace winnow
