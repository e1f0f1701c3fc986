#include "workspace/change_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "data/dialect.h"
#include "data/encoding.h"
#include "data/gzip_reader.h"
#include "data/remove_rows.h"
#include "workspace/data_scan.h"
#include "workspace/gzip_writer.h"
#include "workspace/relabel_row.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

/// What identifies the rows of a file: their texts and labels in their order.
struct Digest {
  size_t rows = 0;
  std::string hex;
  friend bool operator==(const Digest&, const Digest&) = default;
};

class Digester {
 public:
  void Add(std::string_view text, std::span<const std::string> labels) {
    ++rows_;
    hasher_.Update(fmt::format("{} {} ", text.size(), labels.size()));
    hasher_.Update(text);
    std::vector<std::string> sorted(labels.begin(), labels.end());
    std::ranges::sort(sorted);
    for (const std::string& label : sorted) hasher_.Update(fmt::format(" {} {}", label.size(), label));
  }
  Digest Take() { return {rows_, hasher_.Hex()}; }

 private:
  size_t rows_ = 0;
  Hasher hasher_{Hasher::Kind::kSha256};
};

Result<Digest> DigestOf(const fs::path& file, const ReadOptions& options, const RowChanges& changes,
                        const std::function<bool()>& stopped) {
  Digester digester;
  size_t count = 0;
  bool cancelled = false;
  TRY(VisitRowsOfFile(file, options, [&](const DataRow& row) {
    cancelled = ++count % 1024 == 0 && stopped();
    if (changes.removed.contains(row.row)) return !cancelled;
    const auto labels = changes.labels.find(row.row);
    digester.Add(row.text, labels == changes.labels.end() ? row.labels : std::span<const std::string>(labels->second));
    return !cancelled;
  }));
  if (cancelled) return Fail(ErrorCode::kCancelled, "nobody waits for the result any more");
  return digester.Take();
}

/// How the file is divided into rows.
struct Layout {
  Format format = Format::kAuto;
  std::optional<Dialect> dialect;
  char line_end = '\n';
  std::vector<std::string> label_fields;
};

/// Opens the file as DataScan does, but for all rows with their numbers. Errors: kInvalidArgument for rows that the
/// file does not have.
Result<Layout> LayoutOf(const fs::path& file, const ReadOptions& options, const RowChanges& changes) {
  Layout layout;
  bool labelled = true;
  {
    const DataScan scan = TRY(DataScan::Open(file, options));
    labelled = scan.labelled();
    layout.label_fields = scan.report().files.back().label_fields;
  }
  const ReadPlan plan = TRY(ServerReadPlan(options, labelled));
  OpenOptions open{.wishes = plan.format, .allow_lines = !labelled && options.text_field.empty(), .known_names = {}};
  open.known_names = plan.wishes.label_fields;
  if (!options.text_field.empty()) open.known_names.push_back(options.text_field);
  const std::unique_ptr<RecordReader> reader = TRY(OpenRecords(file, open));
  std::set<size_t> wanted = changes.removed;
  for (const auto& [row, labels] : changes.labels) wanted.insert(row);
  Record record;
  while (!wanted.empty() && TRY(reader->Next(record)) != RecordReader::Step::kEnd) wanted.erase(record.row);
  if (!wanted.empty()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("the file has no row {}", *wanted.begin()));
  }
  const Encoding encoding = reader->stream().encoding();
  if (encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be) {
    return Fail(ErrorCode::kUnsupported, "rows of a file in UTF-16 cannot be changed",
                "convert it to UTF-8, and upload it again");
  }
  if (encoding != Encoding::kUtf8) {
    for (const auto& [row, labels] : changes.labels) {
      for (const std::string& label : labels) {
        if (std::ranges::all_of(label, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) continue;
        return Fail(ErrorCode::kUnsupported, fmt::format("the label '{}' needs a file in UTF-8", label),
                    "convert it to UTF-8, and upload it again");
      }
    }
  }
  layout.format = reader->format();
  if (reader->dialect() != nullptr) layout.dialect = *reader->dialect();
  if (reader->stream().carriage_return_ends_lines()) layout.line_end = '\r';
  if (changes.labels.empty()) return layout;
  if (layout.format == Format::kJson) {
    return Fail(ErrorCode::kUnsupported, "labels in a JSON document cannot be changed",
                "convert it to JSON Lines, with one object per line");
  }
  if (layout.label_fields.empty()) return Fail(ErrorCode::kUnsupported, "the file has no column of labels");
  return layout;
}

/// The lines of a file, with their ends.
class LineReader {
 public:
  LineReader(GzipReader reader, char line_end) : reader_(std::move(reader)), line_end_(line_end) {}

  /// Returns false at the end of the file.
  Result<bool> Next(std::string& line) {
    line.clear();
    for (;;) {
      const size_t end = buffer_.find(line_end_, begin_);
      if (end != std::string::npos) {
        line.append(buffer_, begin_, end + 1 - begin_);
        begin_ = end + 1;
        return true;
      }
      line.append(buffer_, begin_, std::string::npos);
      if (line.size() > TextStream::kMaxRecordBytes) return Fail(ErrorCode::kInvalidData, "a line is too long");
      buffer_.resize(size_t{1} << 16);
      begin_ = 0;
      buffer_.resize(TRY(reader_.Read(buffer_.data(), buffer_.size())));
      if (buffer_.empty()) return !line.empty();
    }
  }
  bool gzip() const { return reader_.gzip(); }

 private:
  GzipReader reader_;
  char line_end_;
  std::string buffer_;
  size_t begin_ = 0;
};

Result<std::string> Relabelled(std::string_view row, const Layout& layout, std::span<const std::string> labels) {
  switch (layout.format) {
    case Format::kJsonLines:
      return RelabelJsonLine(row, layout.label_fields.front(), labels);
    case Format::kFastText:
      return RelabelFastTextLine(row, labels);
    default:
      break;
  }
  if (layout.dialect) return RelabelTableRow(row, *layout.dialect, layout.line_end, layout.label_fields, labels);
  return Fail(ErrorCode::kUnsupported, "the rows of the file have no labels");
}

/// Adds lines to the first line of a row until the row is complete.
Result<void> CompleteRow(LineReader& lines, const Layout& layout, std::string& row, size_t& line_number) {
  if (!layout.dialect) return {};
  CsvRow cut;
  std::string more;
  bool last = false;
  for (;;) {
    const size_t mark = row.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
    const std::string_view text = std::string_view(row).substr(mark);
    if (CutRow(text, *layout.dialect, layout.line_end, last, cut) == RowEnd::kComplete) return {};
    if (last || row.size() > TextStream::kMaxRecordBytes) {
      return Fail(ErrorCode::kInvalidData, fmt::format("line {}: the row has no end", line_number));
    }
    last = !TRY(lines.Next(more));
    if (last) continue;
    row += more;
    ++line_number;
  }
}

Result<void> WriteLines(const fs::path& file, const Layout& layout, const RowChanges& changes, const FileSink& sink,
                        const std::function<bool()>& stopped) {
  LineReader lines(TRY(GzipReader::Open(file)), layout.line_end);
  std::optional<GzipWriter> gzip;
  std::string line, piece;
  const auto flush = [&]() -> Result<void> {
    TRY(gzip ? gzip->Write(piece) : sink(std::as_bytes(std::span(piece))));
    piece.clear();
    return {};
  };
  for (size_t number = 1; TRY(lines.Next(line)); ++number) {
    if (number == 1 && lines.gzip()) gzip = TRY(GzipWriter::Open(sink));
    const size_t row = number;
    const bool removed = changes.removed.contains(row);
    const auto labels = changes.labels.find(row);
    if (removed || labels != changes.labels.end()) TRY(CompleteRow(lines, layout, line, number));
    if (removed) continue;
    piece += labels == changes.labels.end() ? line : TRY(Relabelled(line, layout, labels->second));
    if (piece.size() < size_t{1} << 18) continue;
    if (stopped()) return Fail(ErrorCode::kCancelled, "nobody waits for the result any more");
    TRY(flush());
  }
  TRY(flush());
  return gzip ? gzip->Finish() : Result<void>();
}

/// RemoveRows replaces a link to the file, not the file itself.
Result<void> WriteWithoutItems(const fs::path& file, const ReadOptions& options, const RowChanges& changes,
                               const fs::path& output) {
  std::error_code error;
  fs::create_hard_link(file, output, error);
  if (error) return Fail(ErrorCode::kIo, "the file cannot be linked: " + error.message());
  TRY(RemoveRows(output, options, /*dry_run=*/false,
                 [&](const Row& row) { return changes.removed.contains(row.row); }));
  return {};
}

}  // namespace

Result<void> WriteChangedRows(const fs::path& file, const ReadOptions& options, const RowChanges& changes,
                              const fs::path& output, const std::function<bool()>& stopped) {
  const Layout layout = TRY(LayoutOf(file, options, changes));
  const Digest wanted = TRY(DigestOf(file, options, changes, stopped));
  if (layout.format == Format::kJson) {
    TRY(WriteWithoutItems(file, options, changes, output));
  } else {
    TRY(WriteFileAtomically(output,
                            [&](const FileSink& sink) { return WriteLines(file, layout, changes, sink, stopped); }));
  }
  // Without rows, a file is no data file any more, but it can be undone.
  if (wanted.rows == 0) return {};
  const Result<Digest> written = DigestOf(output, options, {}, stopped);
  if (!written && written.error().code == ErrorCode::kCancelled) return std::unexpected(written.error());
  if (written && *written == wanted) return {};
  return Fail(ErrorCode::kUnsupported, "with this change the file would be read in another way than now",
              "specify how it is read: its format, and the columns of the texts and labels");
}

}  // namespace winnow
