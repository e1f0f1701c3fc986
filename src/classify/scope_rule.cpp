#include "classify/scope_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/json.h"
#include "bundle/safetensors.h"

namespace winnow {
namespace {

using Metadata = std::map<std::string, std::string>;

std::unexpected<Error> Bad(const std::filesystem::path& file, const std::string& why) {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", file.string(), why),
              "create it again (winnow calibrate BUNDLE --out-of-scope FILE) or remove the file");
}

std::string TextOf(const Metadata& metadata, const std::string& name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? "" : found->second;
}

/// Returns the number under `name`; nothing if there is none or it is not finite.
std::optional<double> NumberOf(const Metadata& metadata, const std::string& name) {
  const Result<Json> number = ParseJson(TextOf(metadata, name), name, ErrorCode::kInvalidModel);
  if (!number || !number->is_number() || !std::isfinite(number->get<double>())) return std::nullopt;
  return number->get<double>();
}

int64_t CountOf(const Metadata& metadata, const std::string& name) {
  return static_cast<int64_t>(std::clamp(NumberOf(metadata, name).value_or(0), 0.0, 9e15));
}

/// [labels, labels] floats, finite (or, where a label had no texts, infinite).
Result<std::vector<float>> SquareOf(const SafetensorsFile& tensors, const std::filesystem::path& file, const char* name,
                                    size_t labels, bool infinite) {
  const TensorView* const tensor = tensors.Find(name);
  const auto side = static_cast<int64_t>(labels);
  if (tensor == nullptr || tensor->shape != std::vector<int64_t>{side, side}) {
    return Bad(file, fmt::format("tensor '{}' is {}, expected [{}, {}]", name,
                                 tensor == nullptr ? "missing" : ShapeText(tensor->shape), labels, labels));
  }
  std::vector<float> values(labels * labels);
  TRY(CopyAsF32(*tensor, values));
  for (const float value : values) {
    if (std::isnan(value) || (!infinite && std::isinf(value))) {
      return Bad(file, fmt::format("tensor '{}' holds {}", name, value));
    }
  }
  return values;
}

}  // namespace

Result<ScopeRule> ReadScopeRule(const std::filesystem::path& file, std::span<const std::string> labels) {
  const SafetensorsFile tensors = TRY(SafetensorsFile::Open(file));
  const Metadata& metadata = tensors.metadata();
  ScopeRule rule;
  const Result<ScopeMethod> method = ParseScopeMethod(TextOf(metadata, "method"));
  if (!method) return Bad(file, "method: " + method.error().message);
  rule.method = *method;
  const std::optional<double> threshold = NumberOf(metadata, "threshold");
  if (!threshold) return Bad(file, "threshold is not a number");
  rule.threshold = static_cast<float>(*threshold);
  rule.label = TextOf(metadata, "label");
  if (rule.label.empty() || std::ranges::find(labels, rule.label) != labels.end()) {
    return Bad(file, fmt::format("label is '{}', expected a name that is not one of the model's labels", rule.label));
  }
  rule.max_rejected = NumberOf(metadata, "max_rejected").value_or(0);
  rule.confidence = NumberOf(metadata, "confidence").value_or(0);
  rule.texts = CountOf(metadata, "texts");
  rule.outside_texts = CountOf(metadata, "outside_texts");
  rule.auroc = NumberOf(metadata, "auroc");
  rule.source = TextOf(metadata, "source");
  rule.weights = TextOf(metadata, "weights");
  TRY(tensors.CheckFile());
  if (rule.method != ScopeMethod::kDistance) return rule;
  rule.shape.whitening = TRY(SquareOf(tensors, file, "whitening", labels.size(), /*infinite=*/false));
  rule.shape.means = TRY(SquareOf(tensors, file, "means", labels.size(), /*infinite=*/true));
  TRY(tensors.CheckFile());
  return rule;
}

Result<void> WriteScopeRule(const std::filesystem::path& file, const ScopeRule& rule) {
  Metadata metadata = {{"format", "pt"},
                       {"method", std::string(NameOf(rule.method))},
                       {"threshold", fmt::format("{}", rule.threshold)},  // the shortest that reads back as the same
                       {"label", rule.label},
                       {"max_rejected", fmt::format("{}", rule.max_rejected)},
                       {"confidence", fmt::format("{}", rule.confidence)},
                       {"texts", fmt::format("{}", rule.texts)},
                       {"outside_texts", fmt::format("{}", rule.outside_texts)},
                       {"source", rule.source},
                       {"weights", rule.weights}};
  if (rule.auroc) metadata["auroc"] = fmt::format("{}", *rule.auroc);
  std::vector<TensorView> tensors;
  if (rule.method == ScopeMethod::kDistance) {
    const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(rule.shape.means.size()))));
    tensors.push_back(ViewOf("whitening", {side, side}, rule.shape.whitening));
    tensors.push_back(ViewOf("means", {side, side}, rule.shape.means));
  }
  return WriteSafetensors(file, tensors, metadata);
}

}  // namespace winnow
