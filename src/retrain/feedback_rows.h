/// Rows of data that feedback makes, with the fields that a training reads: a stored text is one text, and the training
/// of a model with a text template reads several fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/record.h"
#include "feedback/training_set.h"
#include "text/text_template.h"

namespace winnow {

/// The fields that a training reads.
struct FeedbackFields {
  std::string text_field = {};     ///< empty: "text"
  std::string label_field = {};    ///< empty: "label"
  std::string template_text = {};  ///< text template, whose fields take the place of text_field; empty: none
};

class FeedbackRows {
 public:
  /// Errors: those of TextTemplate::Parse; kInvalidArgument for a template without {text} and {body}, which feedback
  /// cannot fill, and for a field that is both the text's and the label's.
  static Result<FeedbackRows> Of(const FeedbackFields& fields);

  /// Returns the row of a text and its label. A text is divided into the fields of the template as MessageOfStoredText
  /// divides it.
  std::vector<Field> Row(const TrainingRow& row) const;
  /// Returns the text that the template makes of the row of `text`.
  std::string Text(std::string_view text) const;

  /// Returns the names of the fields of all rows.
  const std::vector<std::string>& fields() const { return fields_; }
  /// Returns the template; null: none.
  const TextTemplate* text_template() const { return template_ ? &*template_ : nullptr; }

 private:
  std::vector<std::string> fields_;  // those of the text, then that of the label
  std::optional<TextTemplate> template_;
};

}  // namespace winnow
