/// Verdicts as the message filter extension of iOS reads them.
///
/// The names are those of Apple's enumerations ILMessageFilterAction and ILMessageFilterSubAction
/// (https://developer.apple.com/documentation/identitylookup/ilmessagefiltersubaction). The body of the response is
/// passed to the extension, which is written by the owner of the app and turns the names into the values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/verdict.h"

namespace winnow {

struct AppleAction {
  std::string_view action = "allow";     ///< "allow", "junk", "promotion" or "transaction"
  std::string_view sub_action = "none";  ///< "none", or a name such as "transactionalFinance"
};

/// Returns "junk" for spam. For other messages, the most probable label of the model besides the positive one counts: a
/// label named promotion or transaction is the action, one named as a sub-action of Apple is that sub-action and its
/// action; every other label, and a verdict without the model, is "allow". Letters other than a to z, and case, do not
/// matter: "Transactional: finance" is transactionalFinance.
AppleAction AppleActionOf(const Verdict& verdict);

/// Checks IDs of apps: TEAM.BUNDLE, as in "A1B2C3D4E5.com.example.filter". Errors: kInvalidArgument.
Result<void> CheckAppleAppIds(const std::vector<std::string>& ids);

}  // namespace winnow
