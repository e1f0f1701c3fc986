/// Figures of parts of the data: short texts and long ones, each script, each source. A mean hides what a model does to
/// the texts of one kind.
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
  bool right = false;     ///< decided as it is labelled; multi-label: the whole set
  bool positive = false;  ///< has the positive label
  bool called_positive = false;
};

struct Slice {
  std::string name;
  int64_t count = 0, right = 0;
  int64_t legitimate = 0, false_alarms = 0;  ///< texts without the positive label, and those called positive
  int64_t positives = 0, found = 0;          ///< texts with it, and those called positive
  Interval accuracy;                         ///< Wilson's
  /// The interval leaves out the accuracy of all texts. By chance alone it does so for one slice in twenty.
  bool stands_out = false;
};

/// Slices by each text's key, in the order of `order` where it names them, else the largest first; of more than `most`
/// the smallest become one, "N others". Empty where all texts have one key. `keys` and `outcomes` have one entry per
/// text.
std::vector<Slice> SlicesBy(std::span<const std::string> keys, std::span<const TextOutcome> outcomes,
                            std::span<const std::string> order = {}, size_t most = 12);

/// Each text's quarter by its number of code points: "1 to 38 characters". `order` gets the names, ascending. Texts of
/// one length share a quarter, so that quarters may differ in size, or be fewer.
std::vector<std::string> LengthKeys(std::span<const std::string_view> texts, std::vector<std::string>& order);

/// Each text's script (text/script.h).
std::vector<std::string> ScriptKeys(std::span<const std::string_view> texts);

}  // namespace winnow
