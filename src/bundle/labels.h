/// labels.json: the names of the labels, by label id.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

inline constexpr char kLabelsFile[] = "labels.json";

/// Reads {"0": "ham", "1": "spam"}, in which ids run from 0 without a gap. Errors: kInvalidModel.
Result<std::vector<std::string>> LabelsById(const Json& id2label, std::string_view where);

/// Reads {"ham": 0, "spam": 1}. Errors: kInvalidModel.
Result<std::vector<std::string>> LabelsByName(const Json& label2id, std::string_view where);

/// Checks that the names are distinct and not empty. Errors: kInvalidModel.
Result<void> ValidateLabels(std::span<const std::string> labels, std::string_view where);

/// Reads {"id2label", "label2id", "classes"} (one of the three keys is enough; those present must agree), or a plain
/// array of names. Errors: kNotFound, kIo, kInvalidModel.
Result<std::vector<std::string>> ReadLabelsFile(const std::filesystem::path& path);

/// Writes the keys "id2label", "label2id" and "classes", atomically. Errors: kInvalidModel, kIo.
Result<void> WriteLabelsFile(const std::filesystem::path& path, std::span<const std::string> labels);

}  // namespace winnow
