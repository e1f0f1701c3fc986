/// One row of a data file of any format: named fields with values.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/dialect.h"
#include "data/text_stream.h"

namespace winnow {

/// The value of a field. JSON's numbers and booleans keep their spelling in `text` ("3", "true").
struct Value {
  enum class Kind {
    kMissing,  ///< absent, or JSON's null
    kText,
    kNumber,
    kBool,
    /// A list of texts, numbers or booleans, whose spellings are in `items`. If it contains only numbers, they are in
    /// `shares`, too.
    kList,
    kShares,  ///< an object of numbers or booleans: the names are in `items`, the numbers in `shares`
    kOther,   ///< another object, whose keys are in `items`, or a list of objects
  };
  Kind kind = Kind::kMissing;
  std::string text;
  std::vector<std::string> items;
  std::vector<double> shares = {};
  /// kShares and kOther: the object or list as JSON. kList: the list as JSON if `items` do not say what it was, such as
  /// [true, 1.0].
  std::string json = {};
};

struct Field {
  std::string name;
  Value value;
  bool inner = false;  ///< true for a member of an object, named object.member; rows are rewritten without it
};

struct Record {
  size_t row = 0;  ///< 1-based number of the row's first line, or of the item in a JSON document
  std::vector<Field> fields;

  /// Returns the value of the field with that name, or null.
  const Value* Find(std::string_view name) const;
};

enum class Format { kAuto, kCsv, kTsv, kDelimited, kJsonLines, kJson, kFastText, kLines };

/// Reads a file's records one by one. Not thread-safe.
class RecordReader {
 public:
  enum class Step { kRecord, kBadRow, kEnd };
  virtual ~RecordReader() = default;

  /// Reads the next row. kRecord: `record` was filled (its memory is reused). kBadRow: the row record.row cannot be
  /// read for the reason bad_reason(); reading can continue after it. Errors, which end the reading: kIo, kInvalidData.
  virtual Result<Step> Next(Record& record) = 0;

  const std::string& bad_reason() const { return bad_reason_; }
  /// Returns the columns of a delimited file, which every row has; empty for other formats.
  virtual std::vector<std::string> columns() const { return {}; }
  /// Returns true if the names of columns() come from the file; without a header they are "1", "2"...
  virtual bool has_header() const { return false; }
  /// Returns how a delimited file is divided into rows and fields; null for other formats.
  virtual const Dialect* dialect() const { return nullptr; }
  /// Returns true if files of this format without a header conventionally have the label first: label<TAB>text.
  virtual bool label_first() const { return false; }
  /// Returns a description for reports: "TSV, 2 columns without a header".
  virtual std::string Description() const = 0;
  /// Returns what was assumed about the file or noticed in it so far, as sentences for the user.
  virtual std::vector<std::string> notes() const { return {}; }
  /// Returns the unit that Record::row counts.
  virtual std::string_view row_word() const { return "line"; }
  virtual Format format() const = 0;

  const TextStream& stream() const { return stream_; }

 protected:
  explicit RecordReader(TextStream stream) : stream_(std::move(stream)) {}

  TextStream stream_;
  std::string bad_reason_;
};

/// What the user specified about the format of files; each setting replaces a detection.
struct FormatWishes {
  Format format = Format::kAuto;
  DialectWishes dialect = {};             ///< settings of delimited files
  std::optional<Encoding> encoding = {};  ///< encoding of all files
  /// Maximum size of a record; a lower one than the default also limits JSON documents, which are held in memory.
  size_t most_record_bytes = TextStream::kMaxRecordBytes;
};

/// Options of opening a file. `known_names` help to decide whether the first row of a delimited file is a header.
struct OpenOptions {
  FormatWishes wishes = {};
  bool allow_lines = false;              ///< true if plain text with one text per line is accepted (unlabelled texts)
  std::vector<std::string> known_names;  ///< field names that the user gave, beside the usual ones
};

/// Opens a file and detects its format, primarily by its contents and secondarily by its name. Errors: those of
/// TextStream::Open; kInvalidData if the file has none of the formats.
Result<std::unique_ptr<RecordReader>> OpenRecords(const std::filesystem::path& path, const OpenOptions& options);

}  // namespace winnow
