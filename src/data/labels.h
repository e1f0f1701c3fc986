/// Label sets: names and their ids.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// The id that stands for every label of an evaluated text that a given label set does not contain. No prediction
/// equals it, so such a text counts as an error.
inline constexpr int32_t kUnknownLabelId = -1;

/// Names of labels. The id of a label is its index in `names`.
struct LabelSet {
  std::vector<std::string> names;

  /// Returns the id of the label, or -1 if `name` is not in the set.
  int Find(std::string_view name) const;
  size_t size() const { return names.size(); }
};

/// Sorts names into the order of their ids: by value if all names are whole numbers, otherwise by bytes.
void SortLabels(std::vector<std::string>& names);

/// Returns up to ten names and the number of the others: "a, b and 3 more".
std::string SomeNames(const std::vector<std::string>& names);

/// Reads `--labels FILE`: JSON with id2label, classes or label2id (labels.json and config.json), a plain JSON list, or
/// one label per line. Errors: kNotFound, kIo; kInvalidData if the file names no label, repeats one, or skips an id.
Result<LabelSet> ReadLabels(const std::filesystem::path& path);

}  // namespace winnow
