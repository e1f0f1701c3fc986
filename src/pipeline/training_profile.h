/// The time of each phase of a training, for --profile.
#pragma once

#include <string>

#include "kernels/matmul.h"
#include "pipeline/training_observer.h"
#include "train/trainer.h"

namespace winnow {

/// Returns a table of phases, with the share of matrix products in the steps, and their speed compared with the maximum
/// of this machine, which is measured now. `tokenize` is in seconds.
std::string ProfileText(const PhaseTimes& times, double tokenize, Precision precision, ThreadPool& pool);

/// Returns the faster precision of products on this machine, measured in a twentieth of a second and noted. bf16 has to
/// be a fifth faster to justify its rounding.
Precision FastestPrecision(TrainingObserver& observer);

}  // namespace winnow
