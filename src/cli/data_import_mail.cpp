#include "cli/data_import_mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "cli/output.h"
#include "data/row_writer.h"
#include "mail/filter_marks.h"
#include "mail/mail_fields.h"
#include "mail/mail_files.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// Messages of which something is reported: their number, and where the first of them is.
struct Noted {
  size_t count = 0;
  std::string first = {};

  void Add(const MailItem& item) {
    if (count++ > 0) return;
    first = item.number > 1 ? fmt::format("{}, message {}", item.file, item.number) : std::string(item.file);
  }

  /// "a.eml", "a.eml and 2 more messages".
  std::string Text() const {
    if (count == 1) return first;
    return fmt::format("{} and {} more message{}", first, count - 1, count == 2 ? "" : "s");
  }
};

struct Imported {
  Noted blank;                    // messages without any text
  size_t drafts_and_deleted = 0;  // of mbox files
  std::map<std::string, size_t> labels;
  std::map<std::string, Noted> notes;
};

std::string Counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// Refuses tables, which would be read as one message each.
Result<void> CheckSources(const MailImportOptions& options) {
  for (const std::filesystem::path& source : options.sources) {
    const std::string extension = LowerAscii(source.extension().string());
    std::error_code ignored;
    if (extension != ".csv" && extension != ".tsv" && extension != ".jsonl") continue;
    if (!std::filesystem::is_regular_file(source, ignored)) continue;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: is a table, not a message", source.string()),
                fmt::format("'winnow train {}' reads it directly", source.string()));
  }
  return {};
}

Result<void> Add(const MailImportOptions& options, const MailItem& item, RowWriter& writer, Imported& imported) {
  TRY(CheckInterrupted());
  if (IsDeletedInMbox(item.raw)) {
    ++imported.drafts_and_deleted;
    return {};
  }
  const std::string_view original = OriginalInReport(item.raw);
  Result<MailMessage> message = ReadMail(original);
  if (!message) {
    imported.blank.Add(item);
    return {};
  }
  if (original.size() < item.raw.size())
    message->notes.push_back("a report of SpamAssassin around the message was left out");
  if (const std::string_view subject = WithoutSpamMarks(message->subject); subject.size() < message->subject.size()) {
    message->subject = std::string(subject);
    message->notes.push_back("the mark of a spam filter in the subject was left out");
  }
  if (std::ranges::any_of(message->headers,
                          [](const MailHeader& header) { return IsSpamField(header.name, header.value); })) {
    message->notes.push_back(
        "marked as spam by a filter (X-Spam), so the folder may repeat the verdict of the filter rather than that of a "
        "person");
  }
  for (const std::string& note : message->notes) imported.notes[note].Add(item);
  const MailFields fields(*message);
  if (IsBlank(fields.text)) {
    imported.blank.Add(item);
    return {};
  }
  std::vector<Field> row;
  for (const char* const name : {"subject", "body", "from", "sender", "to", "text"}) {
    row.push_back(TextField(name, std::string(fields.Find(name))));
  }
  std::string label = options.label;
  if (options.label_by_folder) {
    label = item.folder;
    if (label.empty()) {
      return Fail(
          ErrorCode::kInvalidData, fmt::format("{}: the message lies in no folder that could be its label", item.file),
          "--label-by-folder expects a directory of folders such as spam and ham; move the file into one of them, or "
          "elsewhere, or specify --label NAME in place of --label-by-folder");
    }
  }
  if (!label.empty()) {
    ++imported.labels[label];
    row.push_back(TextField("label", std::move(label)));
  }
  writer.Add(row);
  return {};
}

void LogReport(const MailFileReport& report, const Imported& imported) {
  constexpr size_t kMostNotes = 10;
  for (size_t i = 0; i < report.notes.size() && i < kMostNotes; ++i) LogWarning("{}", report.notes[i]);
  if (const size_t more = report.notes.size() - std::min(report.notes.size(), kMostNotes); more > 0)
    LogWarning("{} more file{} skipped", more, more == 1 ? " was" : "s were");
  if (const size_t count = report.drafts_and_deleted + imported.drafts_and_deleted; count > 0)
    LogInfo("skipped {} that {} marked as draft or deleted", Counted(count, "message"), count == 1 ? "is" : "are");
  if (imported.blank.count > 0) LogWarning("{}: skipped, since there is no text", imported.blank.Text());
  for (const auto& [note, noted] : imported.notes) LogInfo("{}: {}", noted.Text(), note);
}

}  // namespace

Result<void> ImportMail(const MailImportOptions& options, bool json) {
  HandleInterrupts();
  if (options.label_by_folder && !options.label.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--label and --label-by-folder cannot be combined");
  }
  TRY(CheckSources(options));
  RowWriter writer = TRY(RowWriter::For(options.output));
  TRY(CheckOutputFile(options.output, options.sources));
  MailFileReport report;
  Imported imported;
  ProgressBar progress("messages", 0);
  TRY(ForEachMail(options.sources, report, [&](const MailItem& item) {
    progress.Advance();
    return Add(options, item, writer, imported);
  }));
  progress.Finish();
  LogReport(report, imported);
  if (writer.rows() == 0) {
    return Fail(ErrorCode::kInvalidData, fmt::format("no message with text in {}", Counted(report.files, "file")),
                "the sources must be .eml files, mbox files, Maildir directories or directories of these");
  }
  TRY(writer.Write());
  if (json) {
    Json report_json = {{"output", options.output.string()},
                        {"files", report.files},
                        {"messages", report.messages},
                        {"rows", writer.rows()},
                        {"without_text", imported.blank.count},
                        {"drafts_and_deleted", report.drafts_and_deleted + imported.drafts_and_deleted},
                        {"labels", Json::object()},
                        {"notes", Json::object()}};
    for (const auto& [label, count] : imported.labels) report_json["labels"][label] = count;
    for (const auto& [note, noted] : imported.notes) report_json["notes"][note] = noted.count;
    return Print(report_json.dump(2) + "\n");
  }
  std::string text = fmt::format("{}: {} of {}", options.output.string(), Counted(writer.rows(), "row"),
                                 Counted(report.messages, "message"));
  for (const auto& [label, count] : imported.labels) text += fmt::format(", {} {}", count, label);
  return Print(text + "\n");
}

void AddMailImportOptions(MailImportOptions& options, OptionTable& table) {
  table.Group("Labels of messages");
  table.Add("label", &options.label, "Label of all messages").ValueName("LABEL");
  table.Add(
      "label-by-folder", &options.label_by_folder,
      "The label of a message is the name of its folder: a directory or mbox file inside SOURCE, or a folder of a "
      "Maildir");
  table.Group("Output");
  table
      .Add(
          "output", &options.output,
          "File for the rows; .jsonl, .csv or .tsv. Messages have the fields subject, body, from, sender, to, text and "
          "label")
      .ValueName("FILE")
      .Short('o');
  table.Describe(
      "Messages are decoded as 'docs/mail.md' describes: transfer encodings, charsets, multiparts, HTML. The field text "
      "is the subject and the body. Drafts and deleted messages are skipped. Reports of SpamAssassin around a message, and "
      "marks of filters in subjects, such as ***SPAM***, are left out.");
  table.Example("winnow data import Maildir/.Junk --label spam --output spam.jsonl", "one folder, one label");
  table.Example("winnow data import mails --label-by-folder --output mails.jsonl",
                "the folders mails/spam and mails/ham give the labels spam and ham");
}

}  // namespace winnow
