/// Warnings about texts of which a model reads little.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "train/text_set.h"

namespace winnow {

/// Warns if a fifth of the letters are of scripts that are written without spaces (Chinese, Japanese, Thai and others),
/// and features are n-grams of words: there, a word is a whole clause, which hardly ever recurs.
void WarnOfWordsWithoutSpaces(std::span<const std::string_view> texts, const LinearPlan& plan,
                              TrainingObserver& observer);

/// Warns if the tokenizer of the base model does not know a twentieth of the tokens (`unknown_id`, or -1 if there is no
/// such token), and notes if a tenth of the texts are cut at `max_length` tokens.
void WarnOfUnreadTokens(const TextSet& texts, int32_t unknown_id, int max_length, const ModelPlan& plan,
                        TrainingObserver& observer);

}  // namespace winnow
