/// Changes of single members of a JSON text that leave all of its other bytes as they are: the numbers, the order and
/// the layout of files that other programs wrote.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// Returns the text of the last member with that name of the object that `json` contains, or nothing. `where` is the
/// beginning of error messages. Errors: kInvalidModel for a text that is not one object.
Result<std::optional<std::string_view>> MemberText(std::string_view json, std::string_view name,
                                                   std::string_view where);

/// Returns the text with the value of that member replaced; a missing member becomes the first one. Errors: those of
/// MemberText.
Result<std::string> WithMember(std::string_view json, std::string_view name, const Json& value, std::string_view where);

}  // namespace winnow
