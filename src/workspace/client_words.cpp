#include "workspace/client_words.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/ascii.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string TextForClients(std::string text, const fs::path& file) {
  ReplaceAll(text, file.string(), file.filename().string());
  constexpr std::array<std::string_view, 11> kOptions = {"text-field",   "label-field", "format",    "delimiter",
                                                         "quoting",      "encoding",    "no-header", "label-map",
                                                         "problem-type", "filter",      "labels"};
  for (const std::string_view option : kOptions) ReplaceAll(text, "--" + std::string(option), option);
  return text;
}

}  // namespace

Error ForClients(Error error, const fs::path& file) {
  error.message = TextForClients(std::move(error.message), file);
  error.hint = TextForClients(std::move(error.hint), file);
  return error;
}

std::string OneLine(const Error& error) {
  std::string line = error.hint.empty() ? error.message : error.message + "; " + error.hint;
  ReplaceAll(line, "\n  ", "; ");
  return line;
}

std::string Sentence(std::string text, const fs::path& file) {
  text = TextForClients(std::move(text), file);
  const std::string prefix = file.filename().string() + ": ";
  if (prefix.size() > 2 && text.starts_with(prefix)) text.erase(0, prefix.size());
  if (text.empty()) return text;
  const bool begins_with_file = !file.empty() && text.starts_with(file.filename().string());
  if (!begins_with_file) text[0] = UpperAscii(text[0]);
  if (!text.ends_with('.') && !text.ends_with('?') && !text.ends_with('!')) text += '.';
  return text;
}

}  // namespace winnow
