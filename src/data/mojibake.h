/// Text that was UTF-8, read as Windows-1252 or Latin-1, and written again: "cafÃ©", "itâ€™s".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

struct Mojibake {
  std::string broken, repaired;  ///< the first such place: "Ã©", "é"
  size_t count = 0;              ///< number of characters that appear as several characters in the text
};

/// Characters that are the bytes of one UTF-8 character, each read alone. One of three or four bytes is enough; of
/// those of two bytes, which real words come close to ("CAFÉ»"), one that begins with Â or Ã, or several.
std::optional<Mojibake> FindMojibake(std::string_view text);

}  // namespace winnow
