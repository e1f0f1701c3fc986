#include "cli/data_import_table.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <unordered_map>

#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/output_file.h"
#include "base/spill_file.h"
#include "cli/output.h"
#include "data/columns.h"
#include "data/row_writer.h"
#include "store/feedback_json.h"
#include "store/query_table.h"
#include "store/spam_label.h"
#include "store/store.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kRowsPerTransaction = 500;

/// Returns the index of a column: the one that the user named, or the first whose name is usual and is not `other`,
/// the one that the user named for something else.
Result<size_t> FindColumn(const std::vector<SqlColumn>& columns, const std::string& wish, const std::string& other,
                          bool (*usual)(std::string_view), std::string_view what) {
  std::string names;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = columns[i].name;
    const bool free = LowerAscii(name) != LowerAscii(other);
    if (wish.empty() ? usual(name) && free : LowerAscii(name) == LowerAscii(wish)) return i;
    names += (i == 0 ? "" : ", ") + name;
  }
  return Fail(ErrorCode::kInvalidData,
              wish.empty() ? fmt::format("no column of the query has a usual name of a {}", what)
                           : fmt::format("the query has no column '{}'", wish),
              fmt::format("columns are: {}; name one with --{}-field, or rename it in the query: SELECT column AS {}",
                          names, what, what));
}

/// Returns 1 for true, 0 for false, -1 for any other value.
int TruthOf(std::string_view value) {
  const std::string lower = LowerAscii(value);
  if (lower == "1" || lower == "t" || lower == "true") return 1;
  return lower == "0" || lower == "f" || lower == "false" ? 0 : -1;
}

/// The rows of a query that have a text and a label. They wait in a file if memory should not hold them, since only all
/// labels together say whether the column is of truth values.
class ImportedTable {
 public:
  ImportedTable(const TableImportOptions& options, const std::filesystem::path& directory)
      : options_(options), kept_(directory) {}

  /// Runs the query. Errors: those of ReadQueryTable; kInvalidData without a usable row.
  Result<void> Read() {
    TRY(ReadQueryTable(
        options_.source, options_.query, [&](const std::vector<SqlColumn>& columns) { return Begin(columns); },
        [&](const SqlRow& row) { return Take(row); }));
    if (kept_.count() == 0) {
      return Fail(
          ErrorCode::kInvalidData,
          fmt::format("no row can be imported: the query gave {} rows, {} without a text and {} without a label", rows_,
                      without_text_, without_label_),
          "check --query, --text-field and --label-field");
    }
    if (boolean_ || all_truth_values_) {
      boolean_ = true;
      LogInfo("the column '{}' is true or false: true becomes the label {}, false {}", columns_[label_].name,
              options_.true_label, options_.false_label);
    }
    return {};
  }

  const std::vector<SqlColumn>& columns() const { return columns_; }
  size_t text() const { return text_; }
  size_t label() const { return label_; }
  size_t rows() const { return rows_; }  ///< of the query
  size_t imported() const { return kept_.count(); }
  size_t without_text() const { return without_text_; }
  size_t without_label() const { return without_label_; }

  /// Passes the rows that are imported, with their labels, to `take`.
  Result<void> ForEach(const std::function<Result<void>(const SqlRow& row, const std::string& label)>& take) const {
    return kept_.ForEach([&](std::string_view record) -> Result<void> {
      TRY(CheckInterrupted());
      const SqlRow row = Decoded(record);
      return take(row, LabelOf(row.Text(label_)));
    });
  }

  /// Returns the value of the column with that name, if the query has one and it is not null.
  std::optional<std::string> Optional(const SqlRow& row, std::string_view name) const {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (LowerAscii(columns_[i].name) != name || i == text_ || i == label_) continue;
      if (!row.IsNull(i)) return row.Text(i);
    }
    return std::nullopt;
  }

 private:
  Result<void> Begin(const std::vector<SqlColumn>& columns) {
    columns_ = columns;
    text_ = TRY(FindColumn(columns, options_.text_field, options_.label_field, IsTextName, "text"));
    label_ = TRY(FindColumn(columns, options_.label_field, options_.text_field, IsLabelName, "label"));
    if (text_ == label_) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the column '{}' is specified both for the text and for the label", columns[text_].name),
                  "specify two columns with --text-field and --label-field");
    }
    boolean_ = columns[label_].boolean;
    return {};
  }

  Result<void> Take(const SqlRow& row) {
    TRY(CheckInterrupted());
    ++rows_;
    const std::string label = row.Text(label_);
    if (IsBlank(row.Text(text_))) {
      ++without_text_;
    } else if (IsBlank(label)) {
      ++without_label_;
    } else {
      // A column is of truth values as a whole or not at all: 0 and 1 among other numbers are labels like these.
      all_truth_values_ = all_truth_values_ && TruthOf(label) >= 0;
      return kept_.Add(Encoded(row));
    }
    return {};
  }

  std::string LabelOf(std::string label) const {
    const int truth = boolean_ ? TruthOf(label) : -1;
    if (truth < 0) return label;
    return truth == 1 ? options_.true_label : options_.false_label;
  }

  /// Each value as its length in 8 bytes and its text; the length of null is the largest number.
  std::string Encoded(const SqlRow& row) const {
    std::string record;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string text = row.Text(i);
      const uint64_t length = row.IsNull(i) ? UINT64_MAX : text.size();
      record.append(reinterpret_cast<const char*>(&length), sizeof(length));
      record += text;
    }
    return record;
  }

  SqlRow Decoded(std::string_view record) const {
    std::vector<SqlValue> values;
    while (!record.empty()) {
      uint64_t length = 0;
      std::memcpy(&length, record.data(), sizeof(length));
      record.remove_prefix(sizeof(length));
      if (length == UINT64_MAX) {
        values.emplace_back();
        continue;
      }
      values.emplace_back(std::string(record.substr(0, length)));
      record.remove_prefix(length);
    }
    return SqlRow(std::move(values));
  }

  const TableImportOptions& options_;
  std::vector<SqlColumn> columns_;
  size_t text_ = 0, label_ = 0;
  size_t rows_ = 0, without_text_ = 0, without_label_ = 0;
  bool boolean_ = false, all_truth_values_ = true;
  SpillFile kept_;
};

Result<void> WriteRows(const ImportedTable& imported, RowWriter& writer) {
  const std::vector<SqlColumn>& columns = imported.columns();
  TRY(imported.ForEach([&](const SqlRow& row, const std::string& label) -> Result<void> {
    std::vector<Field> fields = {TextField("text", row.Text(imported.text())), TextField("label", label)};
    for (size_t column = 0; column < columns.size(); ++column) {
      const std::string& name = columns[column].name;
      const bool used = column == imported.text() || column == imported.label() || name == "text" || name == "label";
      if (!used && !row.IsNull(column)) fields.push_back(TextField(name, row.Text(column)));
    }
    writer.Add(fields);
    return {};
  }));
  return writer.Write();
}

FeedbackEvent EventOf(const ImportedTable& imported, const SqlRow& row, const std::string& label,
                      const TableImportOptions& options) {
  FeedbackEvent event;
  event.text = row.Text(imported.text());
  event.label = StoredLabel(label);
  if (label == options.true_label) event.is_spam = true;
  if (label == options.false_label) event.is_spam = false;
  event.feedback_type = imported.Optional(row, "feedback_type").value_or(options.feedback_type);
  event.message_id = imported.Optional(row, "message_id");
  event.user_id = imported.Optional(row, "user_id");
  event.model_version = imported.Optional(row, "model_version");
  event.created_at = ParseTimeText(imported.Optional(row, "created_at").value_or("")).value_or(StoreTime());
  event.source = "import";
  return event;
}

struct StoredRows {
  size_t added = 0, known = 0;
};

/// Rows on their way into the store, some in each transaction.
class StoreWriter {
 public:
  explicit StoreWriter(Store& store) : store_(store) {}

  Result<void> Add(FeedbackEvent event) {
    // Equal rows are as many events; the same import again gives the same keys. Beginnings of digests are enough to
    // count by: if those of different rows are equal, their keys still differ.
    const std::string digest = DigestOf(event);
    const int number = ++occurrences_[std::strtoull(digest.substr(0, 16).c_str(), nullptr, 16)];
    event.idempotency_key = fmt::format("import:{}:{}", digest, number);
    events_.push_back(std::move(event));
    return events_.size() < kRowsPerTransaction ? Result<void>() : Flush();
  }

  Result<void> Flush() {
    for (const Result<FeedbackStatus>& result : TRY(store_.AddFeedbackBatch(events_))) {
      if (!result) return std::unexpected(result.error());
      ++(*result == FeedbackStatus::kStored ? rows_.added : rows_.known);
    }
    events_.clear();
    return {};
  }

  const StoredRows& rows() const { return rows_; }

 private:
  Store& store_;
  std::vector<FeedbackEvent> events_;
  std::unordered_map<uint64_t, int> occurrences_;
  StoredRows rows_;
};

Result<StoredRows> AddToStore(const ImportedTable& imported, const TableImportOptions& options) {
  const std::unique_ptr<Store> store = TRY(Store::Open({.url = options.store}));
  StoreWriter writer(*store);
  TRY(imported.ForEach(
      [&](const SqlRow& row, const std::string& label) { return writer.Add(EventOf(imported, row, label, options)); }));
  TRY(writer.Flush());
  return writer.rows();
}

}  // namespace

Result<void> ImportTable(const TableImportOptions& options, bool as_json) {
  if (options.output.empty() && options.store.empty())
    return Fail(ErrorCode::kInvalidArgument, "neither --output nor --store is given",
                "pass --output FILE.jsonl for training data, or --store URL for feedback");
  HandleInterrupts();
  std::optional<RowWriter> writer;
  if (!options.output.empty()) {
    writer = TRY(RowWriter::For(options.output));
    const std::filesystem::path source = options.source;
    TRY(CheckOutputFile(options.output, std::span(&source, 1)));
  }
  ImportedTable imported(
      options, options.output.empty() ? std::filesystem::temp_directory_path() : options.output.parent_path());
  TRY(imported.Read());
  std::string text;
  Json json = {{"rows", imported.rows()},
               {"imported", imported.imported()},
               {"without_text", imported.without_text()},
               {"without_label", imported.without_label()}};
  std::map<std::string, int64_t> counts;
  TRY(imported.ForEach([&](const SqlRow&, const std::string& label) -> Result<void> {
    ++counts[label];
    return {};
  }));
  json["labels"] = counts;
  if (writer) {
    TRY(WriteRows(imported, *writer));
    json["output"] = options.output.string();
    text += fmt::format("{}: {} of {} rows; {} without a text, {} without a label\n", options.output.string(),
                        imported.imported(), imported.rows(), imported.without_text(), imported.without_label());
  }
  if (!options.store.empty()) {
    const StoredRows stored = TRY(AddToStore(imported, options));
    json["store"] = {{"added", stored.added}, {"known", stored.known}};
    text += fmt::format("store: {} of {} rows added, {} already stored; {} without a text, {} without a label\n",
                        stored.added, imported.rows(), stored.known, imported.without_text(), imported.without_label());
  }
  return Print(as_json ? json.dump() + "\n" : text);
}

void AddTableImportOptions(TableImportOptions& options, OptionTable& table) {
  table.Group("Databases");
  table.Add("query", &options.query, "One SELECT statement, whose rows are imported").ValueName("SQL");
  table.Add("text-field", &options.text_field, "Column of the text")
      .ValueName("NAME")
      .Default("a column named text, message or similar");
  table.Add("label-field", &options.label_field, "Column of the label")
      .ValueName("NAME")
      .Default("a column named label, is_spam or similar");
  table.Add("true-label", &options.true_label, "Label of the rows whose label column is true or 1").ValueName("LABEL");
  table.Add("false-label", &options.false_label, "Label of the rows whose label column is false or 0")
      .ValueName("LABEL");
  table
      .Add("store", &options.store,
           "Store to add the rows to, as feedback; rows that an earlier import has added are not added again")
      .ValueName("URL");
  table.Add("feedback-type", &options.feedback_type, "Feedback type of rows without a column feedback_type")
      .ValueName("TYPE");
  table.Describe(
      "With --query, the source is a database, which is only read. A label column is taken as true or false if the database declares it boolean, or if "
      "all its values are 0 and 1, true and false, or t and f. Rows without a text or a label are left out and counted. "
      "With --store, the columns feedback_type, message_id, user_id, model_version and created_at are imported too.");
  table.Example(
      "winnow data import postgres://app@db/app --query 'SELECT text, is_spam FROM \"spamFeedback\"' "
      "--output feedback.jsonl",
      "training data of the corrections that an application has collected");
  table.Example(
      "winnow data import app.db --query 'SELECT body, is_spam FROM mails' --text-field body --store sqlite:winnow.db",
      "into the store, as feedback");
}

}  // namespace winnow
