#include "cli/filter_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "base/files.h"
#include "base/input_file.h"
#include "base/lines.h"
#include "base/log.h"
#include "data/dataset.h"
#include "filter/message_sources.h"
#include "mail/mail_files.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

using Take = std::function<Result<void>(FilterInput)>;

constexpr size_t kMostStandardInput = size_t{1} << 30;

/// Returns true if a text begins like a mail: with a line of an mbox file or a header field that mails have.
bool LooksLikeMail(std::string_view contents) {
  if (contents.starts_with("From ")) return true;
  const size_t colon = contents.substr(0, 80).find(':');
  if (colon == std::string_view::npos) return false;
  constexpr std::array<std::string_view, 12> kFirst = {"return-path",  "received",   "from",         "to",
                                                       "subject",      "date",       "message-id",   "sender",
                                                       "delivered-to", "x-envelope", "mime-version", "dkim-signature"};
  return std::ranges::find(kFirst, LowerAscii(contents.substr(0, colon))) != kFirst.end();
}

FilterInput TextInput(std::string_view text, const std::string& file, size_t number) {
  FilterInput input{{}, file, number};
  input.message.text = text;
  return input;
}

bool LooksLikeJson(std::string_view contents) {
  const size_t first = contents.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && contents[first] == '{';
}

Result<void> TakeMail(std::string_view raw, const std::string& file, size_t number, const Take& take) {
  const Result<MailMessage> mail = ReadMail(raw);
  // An empty message is a message: it gets a verdict as every other one.
  FilterInput input{mail ? MessageOfMail(*mail) : FilterMessage{}, file, number};
  return take(std::move(input));
}

Result<void> TakeJsonLines(std::string_view contents, const std::string& file, const Take& take) {
  size_t number = 0;
  for (const std::string_view line : Lines(contents)) {
    ++number;
    if (IsBlank(line)) continue;
    FilterMessage message = TRY(MessageOfJson(line, fmt::format("{}, line {}", file, number)));
    TRY(take({std::move(message), file, number}));
  }
  return {};
}

Result<void> TakeStandardInput(const Take& take) {
  std::string contents;
  std::array<char, 1 << 16> buffer{};
  InputFile file = TRY(InputFile::Open("-"));
  while (const size_t read = TRY(file.Read(buffer.data(), buffer.size()))) {
    contents.append(buffer.data(), read);
    if (contents.size() > kMostStandardInput) {
      return Fail(ErrorCode::kInvalidData, "standard input has more than 1 GB", "pass the messages as files");
    }
  }
  const std::string name = "standard input";
  if (LooksLikeJson(contents)) return TakeJsonLines(contents, name, take);
  if (contents.starts_with("From ")) {
    size_t number = 0;
    for (const std::string_view raw : MessagesOfMbox(contents)) TRY(TakeMail(raw, name, ++number, take));
    return {};
  }
  if (LooksLikeMail(contents)) return TakeMail(contents, name, 1, take);
  size_t number = 0;
  for (const std::string_view line : Lines(contents)) TRY(take(TextInput(line, name, ++number)));
  return {};
}

Result<void> TakeMailFiles(const std::filesystem::path& path, const Take& take) {
  MailFileReport report;
  TRY(ForEachMail(std::span(&path, 1), report,
                  [&](const MailItem& item) { return TakeMail(item.raw, std::string(item.file), item.number, take); }));
  for (const std::string& note : report.notes) LogWarning("{}", note);
  if (report.messages > 0) return {};
  return Fail(ErrorCode::kInvalidData, fmt::format("{}: no messages", path.string()),
              "a directory must contain .eml files, mbox files or a Maildir");
}

Result<void> TakeTexts(const std::filesystem::path& path, const Take& take) {
  ReadReport report;
  return ForEachText(
      path, {}, report,
      [&](std::string_view text, size_t row) -> Result<void> { return take(TextInput(text, path.string(), row)); },
      BadRows::kRefuse);
}

/// Returns true for a file that begins as a message does. What cannot be read twice, such as a pipe, is taken for
/// texts.
Result<bool> BeginsLikeMail(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  InputFile file = TRY(InputFile::Open(path));
  std::string bytes(4096, '\0');
  bytes.resize(TRY(file.Read(bytes.data(), bytes.size())));
  return LooksLikeMail(bytes);
}

Result<void> TakeFile(const std::filesystem::path& path, const Take& take) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return TakeMailFiles(path, take);
  const std::string extension = LowerAscii(path.extension().string());
  if (extension == ".eml" || extension == ".mbox") return TakeMailFiles(path, take);
  if (extension == ".jsonl" || extension == ".ndjson") return TakeJsonLines(TRY(ReadFile(path)), path.string(), take);
  if (extension.empty() && TRY(BeginsLikeMail(path))) return TakeMailFiles(path, take);
  return TakeTexts(path, take);
}

/// Returns true for what is the name of a file rather than a text.
bool NamesFile(const std::string& input) {
  if (input.find_first_of(" \n") != std::string::npos) return false;
  constexpr std::array<std::string_view, 7> kExtensions = {".eml", ".mbox", ".jsonl", ".ndjson",
                                                           ".csv", ".tsv",  ".txt"};
  return std::ranges::any_of(kExtensions, [&](std::string_view extension) { return input.ends_with(extension); });
}

}  // namespace

Result<void> ForEachFilterInput(const std::vector<std::string>& inputs, const Take& take) {
  if (inputs.empty()) return TakeStandardInput(take);
  for (const std::string& input : inputs) {
    if (input == "-") {
      TRY(TakeStandardInput(take));
      continue;
    }
    std::error_code ignored;
    if (!input.empty() && std::filesystem::exists(input, ignored)) {
      TRY(TakeFile(input, take));
    } else if (NamesFile(input)) {
      return Fail(ErrorCode::kNotFound, fmt::format("{}: no such file", input),
                  "a text of one word that ends like the name of a file can be passed on standard input");
    } else {
      TRY(take(TextInput(input, "", 0)));
    }
  }
  return {};
}

}  // namespace winnow
