/// The time of each phase of a training, for --profile.
#pragma once

#include <string>

#include "kernels/matmul.h"
#include "pipeline/training_observer.h"
#include "train/trainer.h"

namespace winnow {

/// A table of phases, with the share of matrix products in the steps and their speed beside what this machine can do,
/// which is measured now. `tokenize` in seconds.
std::string ProfileText(const PhaseTimes& times, double tokenize, Precision precision, ThreadPool& pool);

/// The faster numbers for products on this machine, measured in a twentieth of a second and noted. bf16 has to be a
/// fifth faster to be worth its rounding.
Precision FastestPrecision(TrainingObserver& observer);

}  // namespace winnow
