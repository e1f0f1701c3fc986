/// One row of a data file, whatever its format: named fields with values.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/text_stream.h"

namespace winnow {

/// A field's value. JSON's numbers and booleans keep their spelling in `text` ("3", "true").
struct Value {
  enum class Kind {
    kMissing,  ///< absent, or JSON's null
    kText,
    kNumber,
    kBool,
    kList,    ///< of texts, numbers, booleans: their spellings in `items`
    kShares,  ///< an object of numbers: its names in `items`, and the numbers in `shares`
    kOther,   ///< another object, or a list of objects
  };
  Kind kind = Kind::kMissing;
  std::string text;
  std::vector<std::string> items;
  std::vector<double> shares = {};
};

struct Field {
  std::string name;
  Value value;
};

struct Record {
  size_t row = 0;  ///< 1-based: the line that the row begins in, or the item's number in a JSON document
  std::vector<Field> fields;

  /// Null when there is no field of that name.
  const Value* Find(std::string_view name) const;
};

enum class Format { kAuto, kDelimited, kJsonLines, kJson, kFastText, kLines };

/// Reads a file's records one by one. Not thread-safe.
class RecordReader {
 public:
  enum class Step { kRecord, kBadRow, kEnd };
  virtual ~RecordReader() = default;

  /// kRecord: `record` was filled (its old contents are reused). kBadRow: record.row and bad_reason() tell which row
  /// can't be read and why; reading goes on after it. Errors end the reading: kIo, kInvalidData.
  virtual Result<Step> Next(Record& record) = 0;

  const std::string& bad_reason() const { return bad_reason_; }
  /// The columns that every row has: of a delimited file; empty for others.
  virtual std::vector<std::string> columns() const { return {}; }
  /// Whether the names of columns() come from the file; without a header they are "1", "2"...
  virtual bool has_header() const { return false; }
  /// Whether files of this kind without a header put the label first by convention: label<TAB>text.
  virtual bool label_first() const { return false; }
  /// "TSV, 2 columns without a header", for reports.
  virtual std::string Description() const = 0;
  /// What Record::row counts.
  virtual std::string_view row_word() const { return "line"; }
  virtual Format format() const = 0;

  const TextStream& stream() const { return stream_; }

 protected:
  explicit RecordReader(TextStream stream) : stream_(std::move(stream)) {}

  TextStream stream_;
  std::string bad_reason_;
};

/// How to open a file. `known_names` decide whether the first row of a delimited file is a header.
struct OpenOptions {
  Format format = Format::kAuto;
  bool allow_lines = false;              ///< plain text, a text a line, where nothing else fits (for unlabelled texts)
  std::vector<std::string> known_names;  ///< field names that the user gave, beside the usual ones
};

/// Opens a file and finds out its format, by its contents first and its name second.
/// Errors: as TextStream::Open; kInvalidData when it has none of the formats.
Result<std::unique_ptr<RecordReader>> OpenRecords(const std::filesystem::path& path, const OpenOptions& options);

}  // namespace winnow
