#include "data/remove_rows.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/replace_file.h"
#include "data/columns.h"
#include "data/file_scan.h"
#include "data/json_records.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSample = 200;
constexpr size_t kMostBytes = size_t{1} << 32;

/// The rows of a file: where each begins, and whether it goes.
struct FoundRows {
  struct Place {
    size_t row = 0;
    bool removed = false;
  };
  std::vector<Place> places;
  size_t rows = 0, removed = 0;
  Format format = Format::kAuto;
  bool gzip = false;
  char line_end = '\n';
};

class Finder {
 public:
  Finder(const fs::path& file, const ReadPlan& plan, const std::function<bool(const Row&)>& remove)
      : file_(file.string()), plan_(plan), remove_(remove) {}

  Result<FoundRows> Find() {
    OpenOptions open{.wishes = plan_.format, .allow_lines = plan_.wishes.text_field.empty(), .known_names = {}};
    open.known_names = plan_.wishes.template_fields;
    if (!plan_.wishes.text_field.empty()) open.known_names.push_back(plan_.wishes.text_field);
    const std::unique_ptr<RecordReader> reader = TRY(OpenRecords(file_, open));
    TRY(CheckEncoding(*reader));
    // The fields are found by the first records, as a training finds them.
    std::vector<Record> sample;
    bool ended = false;
    while (sample.size() < kSample && !ended) {
      Record record;
      const RecordReader::Step step = TRY(reader->Next(record));
      ended = step == RecordReader::Step::kEnd;
      if (!ended) found_.places.push_back({record.row, false});
      if (step == RecordReader::Step::kRecord) {
        sample_places_.push_back(found_.places.size() - 1);
        sample.push_back(std::move(record));
      }
    }
    FieldWishes wishes = plan_.wishes;
    lines_ = reader->format() == Format::kLines;
    if (lines_) wishes.template_fields.clear();
    if (!sample.empty()) text_field_ = TRY(ResolveFields(*reader, sample, wishes)).text_field;
    for (size_t i = 0; i < sample.size(); ++i) Take(sample[i], found_.places[sample_places_[i]]);
    Record record;
    while (!ended) {
      const RecordReader::Step step = TRY(reader->Next(record));
      if (step == RecordReader::Step::kEnd) break;
      found_.places.push_back({record.row, false});
      if (step == RecordReader::Step::kRecord) Take(record, found_.places.back());
    }
    found_.format = reader->format();
    found_.gzip = reader->stream().gzip();
    if (reader->stream().carriage_return_ends_lines()) found_.line_end = '\r';
    return std::move(found_);
  }

 private:
  Result<void> CheckEncoding(const RecordReader& reader) const {
    const Encoding encoding = reader.stream().encoding();
    if (encoding != Encoding::kUtf16Le && encoding != Encoding::kUtf16Be) return {};
    return Fail(ErrorCode::kUnsupported, file_ + ": rows cannot be removed from a file in UTF-16",
                "convert it to UTF-8: iconv -f UTF-16 -t UTF-8 FILE");
  }

  void Take(const Record& record, FoundRows::Place& place) {
    std::string text;
    if (plan_.text_template && !lines_) {
      plan_.text_template->Render(
          [&](std::string_view name) {
            const Value* const value = record.Find(name);
            return value == nullptr ? std::string_view() : std::string_view(value->text);
          },
          text);
    } else if (const Value* const value = record.Find(text_field_)) {
      text = value->text;
    }
    ++found_.rows;
    place.removed = remove_({.file = file_, .row = record.row, .text = text, .fields = record.fields});
    if (place.removed) ++found_.removed;
  }

  const std::string file_;
  const ReadPlan& plan_;
  const std::function<bool(const Row&)>& remove_;
  std::string text_field_;
  bool lines_ = false;
  std::vector<size_t> sample_places_;
  FoundRows found_;
};

/// Returns the contents of a file, decompressed if it is a gzip file.
Result<std::string> Contents(const fs::path& file) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> opened(gzopen(file.c_str(), "rb"), gzclose_r);
  if (opened == nullptr) return Fail(ErrorCode::kIo, file.string() + ": cannot open the file");
  std::string contents;
  std::vector<char> piece(1 << 16);
  int count = 0;
  while ((count = gzread(opened.get(), piece.data(), static_cast<unsigned>(piece.size()))) > 0) {
    contents.append(piece.data(), static_cast<size_t>(count));
    if (contents.size() > kMostBytes) return Fail(ErrorCode::kUnsupported, file.string() + ": larger than 4 GiB");
  }
  if (count < 0) return Fail(ErrorCode::kIo, file.string() + ": cannot be read to its end");
  return contents;
}

Result<std::string> Gzip(const std::string& contents) {
  constexpr int kGzipWindow = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return Fail(ErrorCode::kInternal, "zlib cannot compress");
  std::string compressed;
  std::array<char, 1 << 16> piece;
  constexpr size_t kPiece = size_t{1} << 24;
  size_t begin = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    if (stream.avail_in == 0 && begin < contents.size()) {
      const size_t size = std::min(kPiece, contents.size() - begin);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(contents.data() + begin));
      stream.avail_in = static_cast<uInt>(size);
      begin += size;
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    code = deflate(&stream, begin == contents.size() ? Z_FINISH : Z_NO_FLUSH);
    compressed.append(piece.data(), piece.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  if (code != Z_STREAM_END) return Fail(ErrorCode::kInternal, "zlib cannot compress");
  return compressed;
}

/// Returns the contents without the lines of removed rows; the lines of a row end where the next row begins.
std::string WithoutLines(const std::string& contents, const FoundRows& found) {
  std::string kept;
  size_t line = 1, next = 0;
  bool removed = false;
  for (size_t begin = 0; begin < contents.size();) {
    const size_t at = contents.find(found.line_end, begin);
    const size_t end = at == std::string::npos ? contents.size() : at + 1;
    for (; next < found.places.size() && found.places[next].row <= line; ++next) removed = found.places[next].removed;
    if (!removed) kept.append(contents, begin, end - begin);
    begin = end;
    ++line;
  }
  return kept;
}

Json Without(const Json& list, const std::set<size_t>& rows, size_t& row) {
  if (list.is_object()) {
    Json kept = Json::object();
    for (const auto& [name, value] : list.items()) {
      if (!rows.contains(++row)) kept[name] = value;
    }
    return kept;
  }
  Json kept = Json::array();
  for (const Json& element : list) {
    if (!rows.contains(++row)) kept.push_back(element);
  }
  return kept;
}

/// A document is a list, an object of lists of rows, or one of columns, each a list or an object by row.
Result<std::string> WithoutItems(const std::string& contents, const FoundRows& found, const fs::path& file) {
  std::set<size_t> rows;
  for (const FoundRows::Place& place : found.places) {
    if (place.removed) rows.insert(place.row);
  }
  Json json = TRY(ParseJsonLeniently(contents, JsonOrder::kAsWritten));
  size_t row = 0;
  if (json.is_array()) {
    json = Without(json, rows, row);
  } else if (HoldsColumns(json)) {
    for (auto& [name, column] : json.items()) {
      row = 0;
      column = Without(column, rows, row);
    }
  } else if (json.is_object()) {
    for (auto& [name, list] : json.items()) {
      if (list.is_array()) list = Without(list, rows, row);
    }
  } else {
    return Fail(ErrorCode::kInvalidData, file.string() + ": the file was changed while it was read");
  }
  return json.dump(2) + "\n";
}

}  // namespace

Result<RowRemoval> RemoveRows(const fs::path& file, const ReadOptions& options, bool dry_run,
                              const std::function<bool(const Row& row)>& remove) {
  const ReadPlan plan = TRY(MakeReadPlan(options, /*labels_needed=*/false));
  RowRemoval removal;
  removal.sha256_before = TRY(Sha256OfFile(file));
  removal.sha256_after = removal.sha256_before;
  std::error_code ignored;
  if (fs::file_size(file, ignored) == 0) return removal;  // all of its rows were removed before
  const FoundRows found = TRY(Finder(file, plan, remove).Find());
  removal.rows = found.rows;
  removal.removed = found.removed;
  if (!dry_run) RemoveReplacement(file);
  if (dry_run || found.removed == 0) return removal;
  std::string contents = TRY(Contents(file));
  contents = found.format == Format::kJson ? TRY(WithoutItems(contents, found, file)) : WithoutLines(contents, found);
  if (found.gzip) contents = TRY(Gzip(contents));
  TRY(ReplaceFile(file, contents));
  removal.sha256_after = Sha256(contents);
  return removal;
}

}  // namespace winnow
