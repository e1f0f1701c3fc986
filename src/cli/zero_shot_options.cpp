#include "cli/zero_shot_options.h"

#include "text/text_parts.h"

namespace winnow {

void AddZeroShotDetails(ZeroShotDetails& details, OptionTable& table) {
  table
      .Add("hypothesis", &details.hypothesis,
           "Hypothesis that the model judges for each label, in the language of the texts; {label} is replaced "
           "with the label")
      .ValueName("TEXT")
      .Default(kDefaultHypothesis);
  table
      .Add("entailment-id", &details.entailment_id,
           "ID of the model's entailment label, counted from 0; needed only if the label names do not show it")
      .AtLeast(0)
      .ValueName("N");
  table
      .Add("max-length", &details.max_length,
           "Maximum number of tokens of a text and its hypothesis together; longer texts are truncated")
      .AtLeast(8)
      .Default("the maximum length of the model, at most " + std::to_string(kMostPairTokens));
}

Result<void> RequireNoZeroShotDetails(const ZeroShotDetails& details) {
  const char* given = details.hypothesis      ? "--hypothesis"
                      : details.entailment_id ? "--entailment-id"
                      : details.max_length    ? "--max-length"
                                              : nullptr;
  if (given == nullptr) return {};
  return Fail(ErrorCode::kInvalidArgument, std::string(given) + " requires --zero-shot");
}

std::vector<std::string> SplitLabels(std::string_view labels) {
  std::vector<std::string> split;
  for (size_t begin = 0; begin <= labels.size();) {
    const size_t end = std::min(labels.find(',', begin), labels.size());
    const std::string_view label = TrimAscii(labels.substr(begin, end - begin));
    if (!label.empty()) split.emplace_back(label);
    begin = end + 1;
  }
  return split;
}

ZeroShotOptions ZeroShotOptionsOf(const ZeroShotDetails& details, std::vector<std::string> labels, bool multi_label,
                                  Weights weights) {
  return {.labels = std::move(labels),
          .hypothesis = details.hypothesis.value_or(kDefaultHypothesis),
          .multi_label = multi_label,
          .entailment_id = details.entailment_id,
          .max_length = details.max_length.value_or(0),
          .weights = weights};
}

}  // namespace winnow
