#include "store/user_name.h"

#include "base/ascii.h"

namespace winnow {
namespace {

std::string_view WithoutSpaces(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string NormalUser(std::string_view user) {
  if (user.find('@') == std::string_view::npos) return std::string(user);
  user = WithoutSpaces(user);
  if (user.starts_with('<') && user.ends_with('>')) user = WithoutSpaces(user.substr(1, user.size() - 2));
  return LowerAscii(user);
}

}  // namespace winnow
