#include "retrain/feedback_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/row_writer.h"
#include "filter/spam_filter.h"
#include "filter/stored_message.h"

namespace winnow {
namespace {

constexpr char kSubject[] = "subject", kBody[] = "body", kText[] = "text";

/// Returns the fields of the template that a stored text fills.
Result<std::vector<std::string>> FilledFields(const TextTemplate& text_template, const std::string& shown) {
  const std::vector<std::string> all = text_template.fields();
  const auto has = [&](const char* name) { return std::ranges::find(all, name) != all.end(); };
  if (!has(kText) && !has(kBody)) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("feedback cannot fill the text template '{}', which has neither {{text}} nor {{body}}", shown),
        "run 'winnow feedback export' without a template, and add the fields of the template to its rows");
  }
  std::vector<std::string> filled;
  if (has(kSubject) && has(kBody)) filled.push_back(kSubject);
  if (has(kBody)) filled.push_back(kBody);
  if (has(kText)) filled.push_back(kText);
  return filled;
}

}  // namespace

Result<FeedbackRows> FeedbackRows::Of(const FeedbackFields& fields) {
  FeedbackRows rows;
  if (fields.template_text.empty()) {
    rows.fields_ = {fields.text_field.empty() ? kText : fields.text_field};
  } else {
    rows.template_ = TRY(TextTemplate::Parse(fields.template_text));
    rows.fields_ = TRY(FilledFields(*rows.template_, fields.template_text));
  }
  const std::string label = fields.label_field.empty() ? "label" : fields.label_field;
  if (std::ranges::find(rows.fields_, label) != rows.fields_.end()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("the field '{}' is that of the text and of the label", label),
                "specify two fields with --text-field and --label-field");
  }
  rows.fields_.push_back(label);
  return rows;
}

std::vector<Field> FeedbackRows::Row(const TrainingRow& row) const {
  const FilterMessage message = MessageOfStoredText(row.text, text_template());
  std::vector<Field> made;
  for (const std::string& name : fields_) {
    const bool label = made.size() + 1 == fields_.size();
    const bool subject = template_ && name == kSubject;
    const bool body = template_ && name == kBody && !message.body.empty();
    made.push_back(TextField(name, label ? row.label : subject ? message.subject : body ? message.body : row.text));
  }
  return made;
}

std::string FeedbackRows::Text(std::string_view text) const {
  return TextForModel(MessageOfStoredText(std::string(text), text_template()), text_template()).joined();
}

}  // namespace winnow
