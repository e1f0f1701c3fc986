/// Class weights that a user gives: the weight of each label in the loss, by name (--class-weights FILE).
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// Weights by the name of the label; a label that is not in the map has weight 1.
using LabelWeights = std::map<std::string, double>;

/// Converts {"spam": 5, "ham": 1}. Errors of kind `code`: anything but an object of one or more finite numbers above 0.
Result<LabelWeights> LabelWeightsOf(const Json& json, std::string_view where, ErrorCode code);

/// Reads a JSON file with such an object. Errors: kNotFound, kIo; kInvalidData if the file contains something else.
Result<LabelWeights> ReadLabelWeights(const std::filesystem::path& path);

/// Returns the weight of each of the labels, in their order; nothing for no weights. Errors: kInvalidArgument for the
/// weight of a label that is not among them.
Result<std::vector<float>> WeightsOfLabels(const LabelWeights& weights, std::span<const std::string> labels);

}  // namespace winnow
