/// Abstention with a guaranteed error rate, by split conformal prediction (Vovk, Gammerman & Shafer 2005; Papadopoulos
/// et al. 2002) with a score made for the purpose; the same threshold is conformal risk control's (Angelopoulos et al.
/// 2024) for the loss "wrong, and answered".
///
/// A held-out text has the score: its decision's confidence where the decision is wrong, else less than any confidence.
/// With n such scores, the k-th smallest for k = ceil((n + 1) (1 - max_error)) is exceeded by the score of one more
/// text with probability at most max_error, if the n + 1 are exchangeable. So with abstention at or below it:
///
///     P(the next text is decided wrongly, and not abstained from) <= max_error.
///
/// The exact guarantee: that probability is over the draw of the held-out texts and of the next one together. It
/// is a share of all texts, not of those that are answered, nor of each label. It needs at least 1 / max_error - 1
/// texts. A model that is wrong less often than max_error never abstains.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace winnow {

/// Returns the smallest number of texts for which the guarantee is possible: 99 for .01.
int64_t TextsNeededForError(double max_error);

struct AbstentionThreshold {
  float below = 0;  ///< predictions with a confidence below it are abstained from; 0: none
  int64_t texts = 0;
  int64_t abstained = 0;       ///< number of the texts that are abstained from
  int64_t wrong_before = 0;    ///< number of wrong decisions before abstention
  int64_t wrong_answered = 0;  ///< number of wrong decisions that are not abstained from
};

/// Chooses the abstention threshold. `confidence[i]` is the confidence of the decision for text i; `wrong[i]` is 1 if
/// that decision is wrong. The decisions must be made without knowledge of these texts. Errors: kInvalidArgument unless
/// 0 < max_error < 1; kInvalidData with too few texts, or if too many decisions are wrong with a confidence of 1, which
/// no threshold exceeds.
Result<AbstentionThreshold> AbstainForError(std::span<const float> confidence, std::span<const uint8_t> wrong,
                                            double max_error);

}  // namespace winnow
