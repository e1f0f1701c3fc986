#include "store/user_name.h"

#include "base/ascii.h"
#include "text/text_parts.h"

namespace winnow {
std::string NormalUser(std::string_view user) {
  if (user.find('@') == std::string_view::npos) return std::string(user);
  user = TrimSpaceAndControl(user);
  if (user.starts_with('<') && user.ends_with('>')) user = TrimSpaceAndControl(user.substr(1, user.size() - 2));
  return LowerAscii(user);
}

}  // namespace winnow
