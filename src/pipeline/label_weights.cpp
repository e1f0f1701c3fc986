#include "pipeline/label_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/suggest.h"
#include "data/labels.h"

namespace winnow {

Result<LabelWeights> LabelWeightsOf(const Json& json, std::string_view where, ErrorCode code) {
  constexpr char kAdvice[] = "write an object with the weight of each label: {\"spam\": 5, \"ham\": 1}";
  if (!json.is_object() || json.empty()) {
    return Fail(code, fmt::format("{}: expected a JSON object with the weights of labels", where), kAdvice);
  }
  LabelWeights weights;
  for (const auto& [label, weight] : json.items()) {
    const double value = weight.is_number() ? weight.get<double>() : 0;
    // As the loss has it: a number that is finite as a double may be zero or infinite as a float.
    const auto in_loss = static_cast<float>(value);
    if (!std::isfinite(in_loss) || in_loss <= 0) {
      return Fail(code, fmt::format("{}: the weight of label '{}' is not a number above 0", where, label), kAdvice);
    }
    weights.emplace(label, value);
  }
  return weights;
}

Result<LabelWeights> ReadLabelWeights(const std::filesystem::path& path) {
  const Json json = TRY(ParseJson(TRY(ReadFile(path)), path.string()));
  return LabelWeightsOf(json, path.string(), ErrorCode::kInvalidData);
}

Result<std::vector<float>> WeightsOfLabels(const LabelWeights& weights, std::span<const std::string> labels) {
  if (weights.empty()) return std::vector<float>();
  std::vector<float> of_labels(labels.size(), 1.0F);
  for (const auto& [label, weight] : weights) {
    const auto found = std::ranges::find(labels, label);
    if (found == labels.end()) {
      const std::vector<std::string> names(labels.begin(), labels.end());
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("--class-weights: the training data has no label '{}'", label),
                  DidYouMean(label, names, "the labels are " + SomeNames(names)));
    }
    of_labels[static_cast<size_t>(found - labels.begin())] = static_cast<float>(weight);
  }
  return of_labels;
}

}  // namespace winnow
