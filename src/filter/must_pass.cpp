#include "filter/must_pass.h"

#include <fmt/format.h>

#include <array>

#include "base/files.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/suggest.h"

namespace winnow {
namespace {

Result<MustPassCase> ReadCase(std::string_view line, const std::string& place) {
  const auto refuse = [&](const std::string& message, std::string hint = {}) {
    return Fail(ErrorCode::kInvalidData, place + ": " + message, std::move(hint));
  };
  constexpr std::string_view kForm =
      R"(each line is {"text": "...", "label": "spam"} or {"text": "...", "label": "ham"})";
  Result<Json> parsed = ParseJson(line, place);
  if (!parsed) {
    if (parsed.error().hint.empty()) parsed.error().hint = kForm;
    return std::unexpected(parsed.error());
  }
  const Json& json = *parsed;
  if (!json.is_object())
    return refuse(fmt::format("expected an object, found {}", json.type_name()), std::string(kForm));
  MustPassCase found;
  std::string label;
  const std::array<std::pair<std::string_view, std::string*>, 5> fields = {{{"text", &found.message.text},
                                                                            {"sender", &found.message.sender},
                                                                            {"subject", &found.message.subject},
                                                                            {"label", &label},
                                                                            {"note", &found.note}}};
  const std::vector<std::string> known = {"text", "sender", "subject", "label", "note"};
  for (const auto& [key, value] : json.items()) {
    std::string* target = nullptr;
    for (const auto& [name, field] : fields) {
      if (name == key) target = field;
    }
    if (target == nullptr) {
      return refuse(fmt::format("unknown key '{}'", key),
                    DidYouMean(key, known, "the keys are: text, label, sender, subject, note"));
    }
    if (!value.is_string()) return refuse(fmt::format("{}: expected a string, found {}", key, value.type_name()));
    *target = value.str();
  }
  if (!json.contains("text")) return refuse("the key 'text' is missing", std::string(kForm));
  if (label != "spam" && label != "ham") {
    return refuse(json.contains("label") ? fmt::format("label: expected 'spam' or 'ham', found '{}'", label)
                                         : std::string("the key 'label' is missing"),
                  std::string(kForm));
  }
  found.spam = label == "spam";
  // A case with a subject is a mail, whose whole text is the subject and the body.
  if (!found.message.subject.empty()) std::swap(found.message.text, found.message.body);
  return found;
}

}  // namespace

std::string MustPassLine(const MustPassCase& expected) {
  const FilterMessage& message = expected.message;
  const bool mail = !message.subject.empty();
  Json json = {{"text", mail ? message.body : message.text}, {"label", expected.spam ? "spam" : "ham"}};
  if (!message.sender.empty()) json["sender"] = message.sender;
  if (mail) json["subject"] = message.subject;
  if (!expected.note.empty()) json["note"] = expected.note;
  return DumpJsonLine(json);
}

Result<std::vector<MustPassCase>> ParseMustPass(std::string_view contents, const std::string& file) {
  std::vector<MustPassCase> cases;
  contents = WithoutByteOrderMark(contents);
  for (size_t line = 1; !contents.empty(); ++line) {
    const std::string_view row = TakeLine(contents);
    if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    cases.push_back(TRY(ReadCase(row, fmt::format("{}, line {}", file, line))));
    cases.back().line = line;
  }
  if (cases.empty())
    return Fail(ErrorCode::kInvalidData, file + ": the file has no cases",
                "add a JSON line for each message, such as {\"text\": \"Your code is 123456\"}");
  return cases;
}

Result<std::vector<MustPassCase>> ReadMustPass(const std::filesystem::path& path) {
  std::error_code error;
  if (const uintmax_t size = std::filesystem::file_size(path, error); !error && size > kMaxMustPassBytes) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: the file has {} bytes; the maximum is {}", path.string(), size, kMaxMustPassBytes),
                "leave out messages that others resemble");
  }
  return ParseMustPass(TRY(ReadFile(path)), path.string());
}

}  // namespace winnow
