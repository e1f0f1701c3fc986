/// The labels of one file's label field: whether it has names, lists, multi-hot vectors or objects, and the labels of
/// each row.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/record.h"

namespace winnow {

/// The part of the read options that labels depend on.
struct LabelWishes {
  ProblemType problem_type = ProblemType::kAuto;
  std::vector<std::string> given_labels = {};  ///< names of the label set in the order of ids; empty: not given
  std::vector<std::string> mapped_names = {};  ///< names that a label map replaces

  /// Returns true if the user named this label, so that it is one even if it looks like a missing value.
  bool Names(std::string_view name) const;
};

/// The labels of one row.
struct RowLabels {
  enum class Outcome {
    kLabels,      ///< the row has labels, or is a multi-label row without one
    kNone,        ///< the row has no label; `problem` may say what was read as none
    kUnreadable,  ///< the row cannot be used, for the reason in `problem`
    kRefused      ///< the file cannot be used, for the reason in `problem`: others of its rows would be wrong, too
  };
  std::vector<std::string> names;
  std::vector<double> shares;  ///< soft labels, parallel to `names`, if the row has them: each above 0, with sum 1
  bool multi_label = false;    ///< true if the row makes the data set a multi-label one
  std::string problem;
};

/// Reads the values of one label field. Not thread-safe.
class LabelColumn {
 public:
  LabelColumn() = default;

  /// Creates the reader of a field from the first records of a file. Errors: kInvalidData if the field has multi-hot
  /// vectors of another length than the given labels.
  static Result<LabelColumn> Make(const std::string& file, const std::string& field, Format format,
                                  const LabelWishes& wishes, std::span<const Record> sample);

  /// Fills `labels` with the labels of a row; `value` is null if the row does not have the field.
  RowLabels::Outcome Take(const Value* value, RowLabels& labels);

  /// Returns the names of the positions of the multi-hot vectors in the field, which the label map may replace; empty
  /// if it contains labels.
  const std::vector<std::string>& positions() const { return positions_; }
  /// Returns what was assumed about the field, as sentences for the user.
  std::vector<std::string> notes() const;

 private:
  LabelColumn(const std::string& field, Format format, const LabelWishes& wishes)
      : field_(field), fasttext_(format == Format::kFastText), wishes_(wishes) {}

  std::optional<Value> Parsed(const Value& value) const;
  void FindForm(std::span<const Value* const> values);
  bool NamePositions();
  std::string TooFewGiven() const;
  std::string Expected() const;
  RowLabels::Outcome TakeBits(const Value& value, RowLabels& labels) const;
  RowLabels::Outcome TakeObject(const Value& value, RowLabels& labels) const;
  RowLabels::Outcome TakeIndicators(const Value& value, RowLabels& labels) const;
  RowLabels::Outcome TakeShares(const Value& value, RowLabels& labels) const;
  RowLabels::Outcome TakeNames(const Value& value, RowLabels& labels) const;

  std::string field_;
  bool fasttext_ = false;
  LabelWishes wishes_;
  bool has_form_ = false;                  // a value was seen
  size_t multi_hot_ = 0;                   // length of the multi-hot vectors; 0: none
  std::vector<std::string> positions_;     // [multi_hot_]
  bool indicators_ = false;                // objects say of each label whether a text has it: {"a": 1, "b": 0, "c": 1}
  std::map<std::string, size_t> missing_;  // spellings that were read as no label, and the number of their rows
};

}  // namespace winnow
