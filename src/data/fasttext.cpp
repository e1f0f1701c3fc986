#include "data/fasttext.h"

#include "text/text_parts.h"

namespace winnow {
namespace {

class FastTextReader : public RecordReader {
 public:
  explicit FastTextReader(TextStream stream) : RecordReader(std::move(stream)) {}

  Result<Step> Next(Record& record) override {
    do {
      record.row = stream_.line();
      if (!TRY(stream_.NextLine(line_))) return Step::kEnd;
    } while (TrimAscii(line_).empty());
    record.fields.resize(2);
    record.fields[0].name = "label";
    record.fields[1].name = "text";
    Value& labels = record.fields[0].value;
    Value& text = record.fields[1].value;
    labels.kind = Value::Kind::kList;
    labels.items.clear();
    text.kind = Value::Kind::kText;
    text.text.clear();
    const std::string_view line = line_;
    // Words are copied with the space before them; a label goes with its space.
    for (size_t i = 0; i < line.size();) {
      const size_t word = std::min(line.find_first_not_of(" \t", i), line.size());
      const size_t end = std::min(line.find_first_of(" \t", word), line.size());
      const std::string_view token = line.substr(word, end - word);
      if (token.starts_with(kFastTextPrefix)) {
        labels.items.emplace_back(token.substr(kFastTextPrefix.size()));
      } else {
        text.text.append(line.substr(i, end - i));
      }
      i = end;
    }
    text.text = std::string(TrimAscii(text.text));
    return Step::kRecord;
  }

  std::string Description() const override { return "fastText lines"; }
  Format format() const override { return Format::kFastText; }

 private:
  std::string line_;
};

class LinesReader : public RecordReader {
 public:
  LinesReader(TextStream stream, std::vector<std::string> notes)
      : RecordReader(std::move(stream)), notes_(std::move(notes)) {}

  Result<Step> Next(Record& record) override {
    record.row = stream_.line();
    record.fields.resize(1);
    record.fields[0].name = "text";
    record.fields[0].value.kind = Value::Kind::kText;
    return TRY(stream_.NextLine(record.fields[0].value.text)) ? Step::kRecord : Step::kEnd;
  }

  std::string Description() const override { return std::string(kPlainLines); }
  std::vector<std::string> notes() const override { return notes_; }
  Format format() const override { return Format::kLines; }

 private:
  const std::vector<std::string> notes_;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> MakeFastTextReader(TextStream stream) {
  return std::make_unique<FastTextReader>(std::move(stream));
}

Result<std::unique_ptr<RecordReader>> MakeLinesReader(TextStream stream, std::vector<std::string> notes) {
  return std::make_unique<LinesReader>(std::move(stream), std::move(notes));
}

}  // namespace winnow
