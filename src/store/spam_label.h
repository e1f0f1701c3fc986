/// Which labels say that a message is spam, and which that it is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// Returns what the label says about spam, in whatever case: true for "spam" and "junk", false for "ham", "not_spam",
/// "not spam" and "legitimate"; nothing for labels of other models.
std::optional<bool> IsSpamLabel(std::string_view label);

/// Returns the label as feedback is stored with it: "spam" and "ham" in lower case, other labels unchanged.
std::string StoredLabel(std::string_view label);

}  // namespace winnow
