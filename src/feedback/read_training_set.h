/// The training set that the feedback in a store makes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.h"
#include "feedback/training_set.h"
#include "store/store.h"

namespace winnow {

/// Reads all feedback and blind labels, and makes the training set of them. `advance` is called with numbers of events.
/// Errors: those of the store; kCancelled.
Result<TrainingSet> ReadTrainingSet(Store& store, const TrainingSetOptions& options,
                                    const std::function<void(int64_t)>& advance = {});

/// Returns the rows as JSON lines, as `winnow feedback export` writes them to a .jsonl file.
std::string JsonLinesOf(std::span<const TrainingRow> rows);

}  // namespace winnow
