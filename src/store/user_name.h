/// The one form in which users are stored and compared.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns the name under which a user is known: a mail address in lower case, without angle brackets and spaces around
/// it ("<Anna@Example.org>" -> "anna@example.org"), and any other name as it is.
std::string NormalUser(std::string_view user);

}  // namespace winnow
