/// What people say about each text, with the weights of those who say it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "feedback/feedback_state.h"
#include "feedback/trust.h"

namespace winnow {

/// A text with the last words of all people about it.
struct JudgedText {
  std::string text = {};
  std::string label = {};  ///< last label of an administrator, else the label with the greatest sum of weights
  bool by_admin = false;   ///< true if an administrator has decided
  double weight = 0;       ///< sum of the weights of the users who gave `label`
  std::map<std::string, double> votes = {};  ///< sum of the users' weights by label, without administrators
  bool tied = false;  ///< true if no administrator has decided and another label has an equal sum
  StoreTime at = {};  ///< time of the last word about the text

  /// Returns the share of the users' weights that `label` has; 1 without users.
  double Share() const;
};

/// Returns one entry for each text that a person or an administrator has labelled, in the order of the states, which is
/// that of CurrentFeedback. What programs say is left out.
std::vector<JudgedText> JudgeTexts(std::span<const FeedbackState> states, const TrustTable& trust);

}  // namespace winnow
