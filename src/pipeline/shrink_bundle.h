/// A bundle with fewer embeddings, for browsers.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "pipeline/training_observer.h"

namespace winnow {

/// Writes the bundle `from` with fewer embeddings into `to`, which has its other files: float weights, config.json and
/// the tokenizer's files for texts of at most `max_length` tokens and for the words of `texts`. At most `vocabulary`
/// tokens stay; a vocabulary that is not larger, or that cannot be trimmed, which is noted, stays. `classifier` is the
/// bundle's. Errors: those of TrimModel, and of reading and writing.
Result<void> TrimBundle(const std::filesystem::path& from, const std::filesystem::path& to,
                        const BundleClassifier& classifier, const Dataset& texts, size_t vocabulary, int max_length,
                        TrainingObserver& observer);

}  // namespace winnow
