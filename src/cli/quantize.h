/// `winnow quantize`, as other commands use it.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"

namespace winnow {

struct QuantizeRecipe {
  std::filesystem::path bundle{};
  std::optional<std::filesystem::path> output{};  // empty: in place, beside the float weights
  std::vector<std::filesystem::path> data{};      // empty: the bundle's calibration.jsonl
  double max_drop = .005;
  bool overwrite = false;
};

/// Quantises, and tells on the log what it did; the figures come back for --json. The bundle at the target is the old
/// one or the new one at every moment.
Result<Json> QuantizeBundle(const QuantizeRecipe& recipe, ThreadPool& pool);

}  // namespace winnow
