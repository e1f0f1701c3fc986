#include "cli/filter_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/lines.h"
#include "base/log.h"
#include "cli/text_report.h"
#include "data/fasttext.h"
#include "data/file_scan.h"
#include "data/gzip_reader.h"
#include "filter/message_sources.h"
#include "mail/mail_files.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

using Take = std::function<Result<void>(FilterInput)>;

constexpr size_t kMostBytes = size_t{1} << 30;  // of an input that is held in memory
constexpr size_t kSniffedBytes = size_t{1} << 16;

/// Returns true if a text begins like a mail: with a line of an mbox file, a header field that mails have, or a whole
/// header.
bool LooksLikeMail(std::string_view contents) {
  if (!MboxIn(contents).empty() || BeginsLikeMail(contents)) return true;
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

/// The bytes of an input, unpacked if they are compressed with gzip.
struct Contents {
  std::string name;
  std::string bytes = {};
  bool gzip = false;
};

Result<Contents> ReadContents(const std::filesystem::path& path, size_t most = kMostBytes) {
  GzipReader file = TRY(GzipReader::Open(path));
  Contents contents{.name = file.name()};
  while (contents.bytes.size() < most) {
    const size_t before = contents.bytes.size();
    contents.bytes.resize(before + std::min(most - before, size_t{1} << 16));
    const size_t read = TRY(file.Read(contents.bytes.data() + before, contents.bytes.size() - before));
    contents.bytes.resize(before + read);
    if (read == 0) break;
  }
  contents.gzip = file.gzip();
  if (contents.bytes.size() == kMostBytes) {
    return Fail(ErrorCode::kInvalidData, contents.name + " has 1 GB or more", "divide it into several files");
  }
  return contents;
}

/// Makes valid UTF-8 of the bytes, and notes in the report how. Errors: kInvalidData for what is no text.
Result<std::string> Decoded(const Contents& contents, const FilterReading& reading, FileReport& report) {
  const std::string_view bytes = contents.bytes;
  const std::optional<Encoding> given = TRY(FormatWishesOf(reading.format)).encoding;
  const std::string_view first = bytes.substr(0, kSniffedBytes);
  const Sniffed sniffed = given ? Sniffed{*given, MarkBytes(first, *given), {}, {}} : SniffEncoding(first);
  if (!sniffed.problem.empty()) {
    return Fail(ErrorCode::kInvalidData, contents.name + ": " + sniffed.problem, sniffed.hint);
  }
  Utf8Decoder decoder(sniffed.encoding);
  std::string text;
  decoder.Append(bytes.substr(sniffed.mark_bytes), /*last=*/true, text);
  report.file = contents.name;
  report.gzip = contents.gzip;
  report.invalid_bytes = decoder.invalid_bytes();
  if (report.invalid_bytes > 0) {
    const size_t at = std::min(text.find("\uFFFD"), text.size());
    report.first_invalid_line =
        1 + static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n'));
  }
  if (!given && sniffed.encoding == Encoding::kWindows1252) {
    report.notes.push_back("not UTF-8, so it is read as Windows-1252; for another encoding, specify --encoding");
  }
  return text;
}

/// Reads the inputs one after the other.
class InputReader {
 public:
  InputReader(const FilterReading& reading, const Take& take) : reading_(reading), take_(take) {}

  Result<void> TakeStandardInput() const {
    if (IsTable()) return TakeTexts("-");
    const Contents contents = TRY(ReadContents("-"));
    if (reading_.format.format.empty() && LooksLikeMail(contents.bytes)) return TakeMailContents(contents);
    ReadReport report;
    const std::string text = TRY(Decoded(contents, reading_, report.files.emplace_back()));
    const std::string& format = reading_.format.format;
    const bool json = format == "jsonl" || (format.empty() && LooksLikeJson(text));
    return json ? TakeJsonLines(text, report) : TakeLines(text, report);
  }

  Result<void> TakeFile(const std::filesystem::path& path) const {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return TakeMailFiles(path);
    const bool gzip = LowerAscii(path.extension().string()) == ".gz";
    const std::string extension =
        LowerAscii((gzip ? path.stem() : path.filename()).extension().string());  // of mails.jsonl.gz: .jsonl
    const std::string& format = reading_.format.format;
    const bool of_maildir = path.filename().string().find(":2,") != std::string::npos;
    const bool named_mail = extension == ".eml" || extension == ".emlx" || extension == ".mbox" || of_maildir;
    if (format.empty() && (named_mail || TRY(HoldsMail(path, extension)))) {
      return gzip ? TakeMailContents(TRY(ReadContents(path))) : TakeMailFiles(path);
    }
    const bool named_json = extension == ".jsonl" || extension == ".ndjson";
    if (format == "jsonl" || (format.empty() && named_json && !IsTable())) {
      ReadReport report;
      const std::string text = TRY(Decoded(TRY(ReadContents(path)), reading_, report.files.emplace_back()));
      return TakeJsonLines(text, report);
    }
    return TakeTexts(path);
  }

 private:
  /// Whether the options are about texts that are neither mail nor JSON lines nor plain lines.
  bool IsTable() const {
    const FormatOptions& format = reading_.format;
    const bool other = !format.format.empty() && format.format != "jsonl" && format.format != "lines";
    return other || !format.delimiter.empty() || !format.quoting.empty() || format.no_header ||
           !reading_.text_field.empty();
  }

  Result<void> TakeMail(std::string_view raw, const std::string& file, size_t number) const {
    const Result<MailMessage> mail = ReadMail(raw);
    // An empty message is a message: it gets a verdict as every other one.
    FilterInput input{mail ? MessageOfMail(*mail) : FilterMessage{}, file, number};
    return take_(std::move(input));
  }

  Result<void> TakeMailContents(const Contents& contents) const {
    const std::string_view mbox = MboxIn(contents.bytes);
    if (mbox.empty()) return TakeMail(contents.bytes, contents.name, 1);
    size_t number = 0;
    for (const std::string_view raw : MessagesOfMbox(mbox)) TRY(TakeMail(raw, contents.name, ++number));
    return {};
  }

  Result<void> TakeMailFiles(const std::filesystem::path& path) const {
    MailFileReport report;
    TRY(ForEachMail(std::span(&path, 1), report,
                    [&](const MailItem& item) { return TakeMail(item.raw, std::string(item.file), item.number); }));
    for (const std::string& note : report.notes) LogWarning("{}", note);
    if (report.messages > 0) return {};
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: no messages", path.string()),
                "a directory must contain .eml files, mbox files or a Maildir");
  }

  Result<void> TakeJsonLines(std::string_view text, ReadReport& report) const {
    FileReport& file = report.files[0];
    file.description = "JSON lines";
    for (size_t number = 1; !text.empty(); ++number) {
      const std::string_view line = WithoutByteOrderMark(TakeLine(text));  // files put together have marks in between
      if (IsBlank(line)) continue;
      ++file.rows;
      Result<FilterMessage> message = MessageOfJson(line, fmt::format("{}, line {}", file.file, number));
      if (message) {
        ++file.kept;
        TRY(take_({*std::move(message), file.file, number}));
        continue;
      }
      Error& error = message.error();
      if (!reading_.skip_bad_rows) {
        error.hint += (error.hint.empty() ? "" : "; ") +
                      std::string("to leave out rows that cannot be read, specify --skip-bad-rows");
        return std::unexpected(std::move(error));
      }
      size_t& dropped = file.dropped[static_cast<size_t>(DropReason::kUnreadable)];
      if (++dropped <= ReadReport::kMaxExamples) report.examples.push_back(error.message);
    }
    LogTextReportOfAnswers(report);
    return {};
  }

  Result<void> TakeLines(std::string_view text, ReadReport& report) const {
    FileReport& file = report.files[0];
    file.description = kPlainLines;
    for (size_t number = 1; !text.empty(); ++number) {
      file.rows = file.kept = number;
      TRY(take_(TextInput(WithoutByteOrderMark(TakeLine(text)), file.file, number)));
    }
    LogTextReportOfAnswers(report);
    return {};
  }

  Result<void> TakeTexts(const std::filesystem::path& path) const {
    const std::string name = path == "-" ? "standard input" : path.string();
    ReadReport report;
    TRY(ForEachText(
        path, {.text_field = reading_.text_field, .format = reading_.format}, report,
        [&](std::string_view text, size_t row) -> Result<void> { return take_(TextInput(text, name, row)); },
        reading_.skip_bad_rows ? BadRows::kSkip : BadRows::kRefuse));
    LogTextReportOfAnswers(report);
    return {};
  }

  /// Returns true for a file that begins as a message does, and whose extension names no other form. What cannot be
  /// read twice, such as a pipe, is taken for texts.
  static Result<bool> HoldsMail(const std::filesystem::path& path, const std::string& extension) {
    constexpr std::array<std::string_view, 5> kOthers = {".csv", ".tsv", ".json", ".jsonl", ".ndjson"};
    std::error_code ignored;
    if (std::ranges::find(kOthers, extension) != kOthers.end()) return false;
    if (!std::filesystem::is_regular_file(path, ignored)) return false;
    const std::string begin = TRY(ReadContents(path, kSniffedBytes)).bytes;
    return extension.empty() ? LooksLikeMail(begin) : BeginsLikeMail(begin);
  }

  const FilterReading& reading_;
  const Take& take_;
};

/// Returns true for what is the name of a file rather than a text.
bool NamesFile(const std::string& input) {
  if (input.find_first_of(" \n") != std::string::npos) return false;
  constexpr std::array<std::string_view, 9> kExtensions = {".eml", ".emlx", ".mbox", ".jsonl", ".ndjson",
                                                           ".csv", ".tsv",  ".txt",  ".gz"};
  return std::ranges::any_of(kExtensions, [&](std::string_view extension) { return input.ends_with(extension); });
}

}  // namespace

Result<void> ForEachFilterInput(const std::vector<std::string>& inputs, const FilterReading& reading,
                                const Take& take) {
  const InputReader reader(reading, take);
  if (inputs.empty()) return reader.TakeStandardInput();
  for (const std::string& input : inputs) {
    if (input == "-") {
      TRY(reader.TakeStandardInput());
      continue;
    }
    std::error_code ignored;
    if (!input.empty() && std::filesystem::exists(input, ignored)) {
      TRY(reader.TakeFile(input));
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
