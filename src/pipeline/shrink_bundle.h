/// A bundle with fewer embeddings, for browsers.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "pipeline/training_observer.h"

namespace winnow {

/// Reduces the vocabulary of the bundle in `dir`, and the length of texts to `max_length`: rewrites its float weights,
/// config.json and the tokenizer's files. `texts` are those whose words the vocabulary must have; at most `vocabulary`
/// tokens stay. A vocabulary that is not larger, or that cannot be trimmed, which is noted, stays. `classifier` is the
/// bundle's. Errors: those of TrimModel, and of reading and writing.
Result<void> TrimBundle(const std::filesystem::path& dir, const BundleClassifier& classifier, const Dataset& texts,
                        size_t vocabulary, int max_length, TrainingObserver& observer);

}  // namespace winnow
