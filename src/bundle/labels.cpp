#include "bundle/labels.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/files.h"

namespace winnow {
namespace {

std::unexpected<Error> Bad(std::string_view where, const std::string& why, std::string hint = {}) {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", where, why), std::move(hint));
}

/// Far more than any classifier has: reading names takes time and memory in their number, before anything tells whether
/// the weights have as many.
constexpr size_t kMostLabels = 1 << 16;

Result<void> CheckCount(const Json& labels, std::string_view where) {
  if (labels.size() <= kMostLabels) return {};
  return Bad(where, fmt::format("has {} labels, more than the limit of {}", labels.size(), kMostLabels));
}

/// A label's name as transformers reads it. A data frame's labels that are numbers or truth values reach config.json as
/// such, by id2label = dict(enumerate(df.label.unique())); Python's text for them is the name.
std::optional<std::string> LabelNameOf(const Json& name) {
  if (name.is_string()) return name.str();
  if (name.is_boolean()) return name.get<bool>() ? "True" : "False";
  if (name.is_number()) return DumpJsonLine(name);
  return std::nullopt;
}

Result<std::vector<std::string>> LabelsOfArray(const Json& array, std::string_view where) {
  if (!array.is_array()) return Bad(where, "'classes' must be an array of names");
  TRY(CheckCount(array, where));
  std::vector<std::string> labels;
  for (const Json& name : array) {
    std::optional<std::string> label = LabelNameOf(name);
    if (!label) return Bad(where, fmt::format("label {} is neither a string nor a number", DumpJsonLine(name)));
    labels.push_back(std::move(*label));
  }
  return labels;
}

}  // namespace

Result<std::vector<std::string>> LabelsById(const Json& id2label, std::string_view where) {
  if (!id2label.is_object()) return Bad(where, "'id2label' must be an object that maps ids to label names");
  TRY(CheckCount(id2label, where));
  std::unordered_map<std::string_view, const Json*> names;
  for (const auto& [id, name] : id2label.items()) names.emplace(id, &name);
  std::vector<std::string> labels;
  for (size_t id = 0; id < id2label.size(); ++id) {
    const auto found = names.find(std::to_string(id));
    if (found == names.end()) {
      return Bad(where, fmt::format("'id2label' has {} labels but none with id {}; ids must run from 0 without a gap",
                                    id2label.size(), id));
    }
    std::optional<std::string> label = LabelNameOf(*found->second);
    if (!label) {
      return Bad(where, fmt::format("'id2label' gives id {} the name {}, which is neither a string nor a number", id,
                                    DumpJsonLine(*found->second)));
    }
    labels.push_back(std::move(*label));
  }
  return labels;
}

Result<std::vector<std::string>> LabelsByName(const Json& label2id, std::string_view where) {
  if (!label2id.is_object()) return Bad(where, "'label2id' must be an object that maps label names to ids");
  TRY(CheckCount(label2id, where));
  std::vector<std::string> labels(label2id.size());
  std::set<size_t> seen;
  for (const auto& [name, id] : label2id.items()) {
    const uint64_t number = id.is_number_unsigned() ? id.get<uint64_t>() : UINT64_MAX;
    if (number >= labels.size() || !seen.insert(static_cast<size_t>(number)).second) {
      return Bad(where, fmt::format("'label2id' gives '{}' the id {}; ids must be 0, 1, 2 and so on, each exactly once",
                                    name, DumpJsonLine(id)));
    }
    labels[static_cast<size_t>(number)] = name;
  }
  return labels;
}

Result<void> ValidateLabels(std::span<const std::string> labels, std::string_view where) {
  std::set<std::string_view> seen;
  for (const std::string& label : labels) {
    if (label.empty()) return Bad(where, "a label has an empty name");
    if (!seen.insert(label).second) return Bad(where, fmt::format("label '{}' occurs twice", label));
  }
  return {};
}

Result<std::vector<std::string>> ReadLabelsFile(const std::filesystem::path& path) {
  const std::string where = path.string();
  const Json json = TRY(ParseJson(TRY(ReadFile(path)), where, ErrorCode::kInvalidModel));
  std::vector<std::string> labels;
  if (json.is_array()) {
    labels = TRY(LabelsOfArray(json, where));
  } else if (!json.is_object()) {
    return Bad(where, "expected an array of names or {id2label, label2id, classes}");
  } else {
    std::vector<std::vector<std::string>> forms;
    if (json.contains("id2label")) forms.push_back(TRY(LabelsById(json["id2label"], where)));
    if (json.contains("label2id")) forms.push_back(TRY(LabelsByName(json["label2id"], where)));
    if (json.contains("classes")) forms.push_back(TRY(LabelsOfArray(json["classes"], where)));
    if (forms.empty()) return Bad(where, "has none of 'id2label', 'label2id', 'classes'");
    for (const auto& form : forms) {
      if (form != forms.front())
        return Bad(where, "'id2label', 'label2id' and 'classes' contain different labels or orders");
    }
    labels = std::move(forms.front());
  }
  if (labels.empty()) return Bad(where, "contains no labels");
  TRY(ValidateLabels(labels, where));
  return labels;
}

Result<void> WriteLabelsFile(const std::filesystem::path& path, std::span<const std::string> labels) {
  TRY(ValidateLabels(labels, path.string()));
  Json json = {{"id2label", Json::object()}, {"label2id", Json::object()}, {"classes", Json::array()}};
  for (size_t id = 0; id < labels.size(); ++id) {
    json["id2label"][std::to_string(id)] = labels[id];
    json["label2id"][labels[id]] = id;
    json["classes"].push_back(labels[id]);
  }
  return WriteFileAtomically(path, DumpJson(json));
}

}  // namespace winnow
