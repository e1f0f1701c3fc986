#include "cli/classify_remote.h"

#include <span>
#include <string>
#include <utility>

#include "client/read_explanation.h"
#include "report/answer_lines.h"
#include "report/explanation_text.h"

namespace winnow {
namespace {

Result<std::string> LinesOf(const Json& answer, std::string_view text, bool explain, bool colour) {
  std::string lines = TRY(AnswerLineOf(answer, text));
  if (!explain) return lines;
  const auto explanation = ReadExplanation(answer["explanation"], text);
  if (!explanation) {
    return Fail(ErrorCode::kNetwork, "the server's explanation does not match the text of the request",
                "the server may run a different version; compare 'winnow version'");
  }
  return lines + ExplanationText(*explanation, text, colour);
}

}  // namespace

RemoteAnswerer::RemoteAnswerer(const RemoteClassifying& classifying,
                               std::function<Result<void>(std::string_view)> write, std::function<void(size_t)> told)
    : classifier_(classifying.server,
                  [this, json = classifying.json, colour = classifying.colour,
                   explain = classifying.server.request.explain, write = std::move(write), told = std::move(told)](
                      std::span<const Json> answers, std::span<const InputTextView> texts) -> Result<void> {
                    answered_ += answers.size();
                    told(answered_);
                    std::string lines;
                    for (size_t i = 0; i < answers.size(); ++i) {
                      lines += json ? answers[i].dump() + "\n"
                                    : TRY(LinesOf(answers[i], texts[i].joined(), explain, colour));
                    }
                    return write(lines);
                  }) {}

}  // namespace winnow
