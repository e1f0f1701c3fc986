#include "cli/data_import_table.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/output.h"
#include "data/columns.h"
#include "data/row_writer.h"
#include "store/feedback_json.h"
#include "store/query_table.h"
#include "store/store.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kRowsPerTransaction = 500;

/// Returns the index of a column: the one that the user named, or the first whose name is usual.
Result<size_t> FindColumn(const QueryTable& table, const std::string& wish, bool (*usual)(std::string_view),
                          std::string_view what) {
  std::string names;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i].name;
    if (wish.empty() ? usual(name) : LowerAscii(name) == LowerAscii(wish)) return i;
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

struct ImportedTable {
  QueryTable table;
  size_t text = 0, label = 0;
  std::vector<size_t> rows;         // those that have a text and a label
  std::vector<std::string> labels;  // of these rows
  size_t without_text = 0, without_label = 0;
};

/// A column is of truth values as a whole or not at all: 0 and 1 among other numbers are labels like these.
bool IsBoolean(const ImportedTable& imported) {
  if (imported.table.columns[imported.label].boolean) return true;
  return std::ranges::all_of(imported.labels, [](const std::string& label) { return TruthOf(label) >= 0; });
}

Result<ImportedTable> ReadTable(const TableImportOptions& options) {
  ImportedTable imported;
  imported.table = TRY(ReadQueryTable(options.source, options.query, CheckInterrupted));
  imported.text = TRY(FindColumn(imported.table, options.text_field, IsTextName, "text"));
  imported.label = TRY(FindColumn(imported.table, options.label_field, IsLabelName, "label"));
  for (size_t i = 0; i < imported.table.rows.size(); ++i) {
    const SqlRow& row = imported.table.rows[i];
    std::string label = row.Text(imported.label);
    if (IsBlank(row.Text(imported.text))) {
      ++imported.without_text;
    } else if (IsBlank(label)) {
      ++imported.without_label;
    } else {
      imported.rows.push_back(i);
      imported.labels.push_back(std::move(label));
    }
  }
  if (imported.rows.empty()) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("no row can be imported: the query gave {} rows, {} without a text and {} without a label",
                            imported.table.rows.size(), imported.without_text, imported.without_label),
                "check --query, --text-field and --label-field");
  }
  if (IsBoolean(imported)) {
    for (std::string& label : imported.labels) {
      const int truth = TruthOf(label);
      if (truth >= 0) label = truth == 1 ? options.true_label : options.false_label;
    }
    LogInfo("the column '{}' is true or false: true becomes the label {}, false {}",
            imported.table.columns[imported.label].name, options.true_label, options.false_label);
  }
  return imported;
}

Result<void> WriteRows(const ImportedTable& imported, RowWriter& writer) {
  const std::vector<SqlColumn>& columns = imported.table.columns;
  for (size_t i = 0; i < imported.rows.size(); ++i) {
    const SqlRow& row = imported.table.rows[imported.rows[i]];
    std::vector<Field> fields = {TextField("text", row.Text(imported.text)), TextField("label", imported.labels[i])};
    for (size_t column = 0; column < columns.size(); ++column) {
      const std::string& name = columns[column].name;
      const bool used = column == imported.text || column == imported.label || name == "text" || name == "label";
      if (!used && !row.IsNull(column)) fields.push_back(TextField(name, row.Text(column)));
    }
    writer.Add(fields);
  }
  return writer.Write();
}

/// Returns the value of the column with that name, if the query has one and it is not null.
std::optional<std::string> Optional(const ImportedTable& imported, const SqlRow& row, std::string_view name) {
  for (size_t i = 0; i < imported.table.columns.size(); ++i) {
    if (LowerAscii(imported.table.columns[i].name) != name || i == imported.text || i == imported.label) continue;
    if (!row.IsNull(i)) return row.Text(i);
  }
  return std::nullopt;
}

std::vector<FeedbackEvent> EventsOf(const ImportedTable& imported, const TableImportOptions& options) {
  std::map<std::string, int> occurrences;
  std::vector<FeedbackEvent> events;
  for (size_t i = 0; i < imported.rows.size(); ++i) {
    const SqlRow& row = imported.table.rows[imported.rows[i]];
    FeedbackEvent event;
    event.text = row.Text(imported.text);
    event.label = imported.labels[i];
    if (event.label == options.true_label) event.is_spam = true;
    if (event.label == options.false_label) event.is_spam = false;
    event.feedback_type = Optional(imported, row, "feedback_type").value_or(options.feedback_type);
    event.message_id = Optional(imported, row, "message_id");
    event.user_id = Optional(imported, row, "user_id");
    event.model_version = Optional(imported, row, "model_version");
    event.created_at = ParseTimeText(Optional(imported, row, "created_at").value_or("")).value_or(StoreTime());
    event.source = "import";
    // Equal rows are as many events; the same import again gives the same keys.
    const std::string digest = DigestOf(event);
    event.idempotency_key = fmt::format("import:{}:{}", digest, ++occurrences[digest]);
    events.push_back(std::move(event));
  }
  return events;
}

struct StoredRows {
  size_t added = 0, known = 0;
};

Result<StoredRows> AddToStore(const ImportedTable& imported, const TableImportOptions& options) {
  const std::unique_ptr<Store> store = TRY(Store::Open({.url = options.store}));
  const std::vector<FeedbackEvent> events = EventsOf(imported, options);
  StoredRows rows;
  for (size_t begin = 0; begin < events.size(); begin += kRowsPerTransaction) {
    TRY(CheckInterrupted());
    const size_t count = std::min(kRowsPerTransaction, events.size() - begin);
    const auto results = TRY(store->AddFeedbackBatch(std::span(events).subspan(begin, count)));
    for (const Result<FeedbackStatus>& result : results) {
      if (!result) return std::unexpected(result.error());
      ++(*result == FeedbackStatus::kStored ? rows.added : rows.known);
    }
  }
  return rows;
}

}  // namespace

Result<void> ImportTable(const TableImportOptions& options, bool as_json) {
  if (options.output.empty() && options.store.empty())
    return Fail(ErrorCode::kInvalidArgument, "neither --output nor --store is given",
                "pass --output FILE.jsonl for training data, or --store URL for feedback");
  HandleInterrupts();
  std::optional<RowWriter> writer;
  if (!options.output.empty()) writer = TRY(RowWriter::For(options.output));
  const ImportedTable imported = TRY(ReadTable(options));
  std::string text;
  Json json = {{"rows", imported.table.rows.size()},
               {"imported", imported.rows.size()},
               {"without_text", imported.without_text},
               {"without_label", imported.without_label}};
  std::map<std::string, int64_t> counts;
  for (const std::string& label : imported.labels) ++counts[label];
  json["labels"] = counts;
  if (writer) {
    TRY(WriteRows(imported, *writer));
    json["output"] = options.output.string();
    text +=
        fmt::format("{}: {} of {} rows; {} without a text, {} without a label\n", options.output.string(),
                    imported.rows.size(), imported.table.rows.size(), imported.without_text, imported.without_label);
  }
  if (!options.store.empty()) {
    const StoredRows stored = TRY(AddToStore(imported, options));
    json["store"] = {{"added", stored.added}, {"known", stored.known}};
    text +=
        fmt::format("store: {} of {} rows added, {} were there; {} without a text, {} without a label\n", stored.added,
                    imported.table.rows.size(), stored.known, imported.without_text, imported.without_label);
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
      "winnow data import app.db --query 'SELECT body, is_spam FROM mails' --text-field body --store "
      "sqlite:winnow.db",
      "into the store, as feedback");
}

}  // namespace winnow
