/// Metrics of parts of the data: short and long texts, each script, each source. A mean hides differences between kinds
/// of texts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/intervals.h"

namespace winnow {

/// The outcome of one text.
struct TextOutcome {
  bool right = false;     ///< true if the decision is right; multi-label: the whole set of labels
  bool positive = false;  ///< true if the text has the positive label
  bool called_positive = false;
};

struct Slice {
  std::string name;
  int64_t count = 0, right = 0;
  /// Number of texts without the positive label, and of those among them that were assigned it.
  int64_t negatives = 0, false_positives = 0;
  /// Number of texts with the positive label, and of those among them that were assigned it.
  int64_t positives = 0, found = 0;
  Interval accuracy;  ///< accuracy with Wilson's interval
  /// True if the interval does not contain the accuracy of all texts. By chance alone this happens for one slice in
  /// twenty.
  bool stands_out = false;
};

/// Returns slices by each text's key, in the order of `order` for the keys in it, the others by decreasing size; of
/// more than `most` slices the smallest become one, "N others". Empty if all texts have the same key. `keys` and
/// `outcomes` have one entry per text.
std::vector<Slice> SlicesBy(std::span<const std::string> keys, std::span<const TextOutcome> outcomes,
                            std::span<const std::string> order = {}, size_t most = 12);

/// Returns each text's quarter by its number of code points: "1 to 38 characters". `order` receives the names,
/// ascending. Texts of equal length are in the same quarter, so that quarters may differ in size, or be fewer than
/// four.
std::vector<std::string> LengthKeys(std::span<const std::string_view> texts, std::vector<std::string>& order);

/// Returns each text's script (text/script.h).
std::vector<std::string> ScriptKeys(std::span<const std::string_view> texts);

}  // namespace winnow
