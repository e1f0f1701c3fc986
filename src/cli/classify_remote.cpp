#include "cli/classify_remote.h"

#include <span>
#include <string>
#include <utility>

#include "client/read_explanation.h"
#include "report/explanation_text.h"
#include "report/prediction_lines.h"

namespace winnow {
namespace {

Result<std::string> LinesOf(const Json& prediction, std::string_view text, std::optional<int> top_k, bool explain,
                            bool colour) {
  std::string lines = TRY(PredictionLineOf(prediction, text, top_k));
  if (!explain) return lines;
  const auto explanation = ReadExplanation(prediction["explanation"], text);
  if (!explanation) {
    return Fail(ErrorCode::kNetwork, "the server's explanation does not match the text of the request",
                "the server may run a different version; compare 'winnow version'");
  }
  return lines + ExplanationText(*explanation, text, colour, DecidedLabel(prediction));
}

std::string JsonLine(const Json& prediction, size_t row) {
  if (row == 0) return prediction.dump() + "\n";
  Json numbered = prediction;
  numbered["row"] = row;
  return numbered.dump() + "\n";
}

}  // namespace

RemoteTextSink::RemoteTextSink(const RemoteClassifying& classifying, std::string_view text_template,
                               PredictionOutput& output)
    : has_template_(!text_template.empty()),
      classifier_(classifying.server,
                  [this, json = classifying.json, delimiter = classifying.delimiter, colour = classifying.colour,
                   top_k = classifying.top_k, explain = classifying.server.request.explain,
                   &output](std::span<const Json> predictions, std::span<const InputTextView> texts) -> Result<void> {
                    classified_ += predictions.size();
                    output.SetClassified(classified_);
                    std::string lines;
                    for (size_t i = 0; i < predictions.size(); ++i) {
                      const size_t row = rows_.front();
                      rows_.pop_front();
                      if (delimiter != '\0') {
                        lines += TRY(PredictionTableRow(predictions[i], texts[i].joined(), row, delimiter));
                        continue;
                      }
                      lines += json ? JsonLine(predictions[i], row)
                                    : TRY(LinesOf(predictions[i], texts[i].joined(), top_k, explain, colour));
                    }
                    return output.Write(lines);
                  }) {}

Result<void> RemoteTextSink::Take(std::string_view text, size_t row) {
  rows_.push_back(row);
  return classifier_.Take(has_template_ ? InputTextView::OfJoined(text) : InputTextView(text));
}

}  // namespace winnow
