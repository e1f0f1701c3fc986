/// Label sets: names and their ids.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// The id of a label is its place in `names`.
struct LabelSet {
  std::vector<std::string> names;

  /// -1 when `name` is not in the set.
  int Find(std::string_view name) const;
  size_t size() const { return names.size(); }
};

/// Puts names into the order that gives ids: whole numbers by value when all names are such, otherwise by bytes.
void SortLabels(std::vector<std::string>& names);

/// The first ten names and how many there are besides: "a, b and 3 more".
std::string SomeNames(const std::vector<std::string>& names);

/// Reads `--labels FILE`: JSON with id2label, classes or label2id (labels.json and config.json), a plain JSON list, or
/// a label a line. Errors: kNotFound, kIo; kInvalidData when it names fewer than one label, one twice, or skips an id.
Result<LabelSet> ReadLabels(const std::filesystem::path& path);

}  // namespace winnow
