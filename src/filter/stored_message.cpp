#include "filter/stored_message.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "text/input_text.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

bool ReadsSubjectAndBody(const TextTemplate& text_template) {
  const std::vector<std::string> fields = text_template.fields();
  const auto has = [&](const char* name) { return std::ranges::find(fields, name) != fields.end(); };
  return has("subject") && has("body");
}

}  // namespace

FilterMessage MessageOfStoredText(std::string text, const TextTemplate* text_template) {
  FilterMessage message;
  message.text = WithoutSeparators(std::move(text));
  if (text_template == nullptr || !ReadsSubjectAndBody(*text_template)) return message;
  const size_t end = message.text.find('\n');
  if (end == std::string::npos) return message;
  std::string subject = message.text.substr(0, end);
  std::string body = message.text.substr(end + 1);
  if (IsBlank(subject) || IsBlank(body)) return message;
  message.subject = std::move(subject);
  message.body = std::move(body);
  return message;
}

}  // namespace winnow
