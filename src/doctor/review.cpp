#include "doctor/review.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/parse_number.h"
#include "base/suggest.h"
#include "data/row_writer.h"
#include "data/rows.h"
#include "evaluate/text_table.h"
#include "text/duplicate_key.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr std::string_view kNewLabel = "label:";
constexpr size_t kShownProblems = 5;

bool Dangerous(char c) { return std::string_view("=+-@\t\r'").find(c) != std::string_view::npos; }

std::string_view CellOf(const Record& record, std::string_view name) {
  const Value* value = record.Find(name);
  return value == nullptr ? std::string_view() : std::string_view(value->text);
}

class ReviewReader {
 public:
  ReviewReader(std::string name, const Dataset& dataset) : name_(std::move(name)), dataset_(dataset) {
    fixes_.of_text.resize(dataset.examples.size());
    asked_.resize(dataset.examples.size());
    for (size_t t = 0; t < dataset.examples.size(); ++t) {
      places_.emplace(RowPlace{dataset.examples[t].file, dataset.examples[t].row}, t);
      files_.insert(dataset.examples[t].file);
    }
  }

  void Take(const Record& record) {
    const std::string cell(TrimAscii(CellOf(record, "fix")));
    if (cell.empty()) {
      ++fixes_.unanswered;
      return;
    }
    ++fixes_.answered;
    const std::string file = ReadCell(CellOf(record, "file"));
    if (!file.empty() && !files_.contains(file)) {
      ++fixes_.elsewhere;
      return;
    }
    if (cell == kKeepFix) {
      ++fixes_.kept;
      return;
    }
    const std::optional<Fix> fix = Understand(record, cell);
    if (!fix) return;
    if (file.empty()) {
      OfClass(record, *fix);
    } else {
      OfText(record, file, *fix);
    }
  }

  Result<Fixes> Finish() {
    if (problems_ > 0) {
      return Fail(
          ErrorCode::kInvalidData,
          fmt::format("{}: {} {} cannot be applied{}", name_, problems_, problems_ == 1 ? "fix" : "fixes", shown_),
          "correct these lines; nothing was written");
    }
    for (size_t t = 0; t < fixes_.of_text.size(); ++t) {
      if (asked_[t] == 0) ApplyClassFixes(t);
      if (fixes_.of_text[t].kind == Fix::Kind::kDrop) ++fixes_.dropped;
      if (fixes_.of_text[t].kind == Fix::Kind::kRelabel) ++fixes_.relabelled;
    }
    fixes_.new_labels.assign(new_labels_.begin(), new_labels_.end());
    return std::move(fixes_);
  }

 private:
  void Problem(const Record& record, const std::string& what) {
    if (problems_++ < kShownProblems) shown_ += fmt::format("\n  line {}: {}", record.row, what);
    if (problems_ == kShownProblems + 1) shown_ += "\n  ...";
  }

  bool Known(const std::string& label) const { return dataset_.labels.Find(label) >= 0; }

  std::optional<Fix> Understand(const Record& record, const std::string& cell) {
    if (cell == kDropFix) return Fix{.kind = Fix::Kind::kDrop};
    std::vector<std::string> labels;
    // A label may hold the semicolon itself, or an apostrophe that is its own.
    for (const std::string& whole : {cell, ReadCell(cell)}) {
      if (Known(whole)) return Fix{.kind = Fix::Kind::kRelabel, .labels = {whole}};
    }
    const std::string list = ReadCell(cell);
    if (list.starts_with(kNewLabel) || !dataset_.multi_label) {
      labels.push_back(list);
    } else if (list != kNoLabels) {
      for (size_t begin = 0; begin <= list.size();) {
        const size_t end = std::min(list.find(';', begin), list.size());
        const std::string_view part = TrimAscii(std::string_view(list).substr(begin, end - begin));
        if (!part.empty()) labels.emplace_back(part);
        begin = end + 1;
      }
    }
    for (std::string& label : labels) {
      if (label.starts_with(kNewLabel) && !TrimAscii(label.substr(kNewLabel.size())).empty()) {
        label = TrimAscii(label.substr(kNewLabel.size()));
        if (!Known(label)) new_labels_.insert(label);
      } else if (!Known(label)) {
        Problem(
            record,
            fmt::format("'{}' is not a label; {}", ShownName(label, 60),
                        DidYouMean(label, dataset_.labels.names,
                                   fmt::format("to add a new label, write {}{}", kNewLabel, ShownName(label, 60)))));
        return std::nullopt;
      }
    }
    std::ranges::sort(labels);
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    return Fix{.kind = Fix::Kind::kRelabel, .labels = std::move(labels)};
  }

  void OfClass(const Record& record, const Fix& fix) {
    const std::string label = ReadCell(CellOf(record, "label"));
    if (!Known(label)) {
      Problem(record, fmt::format("no text has the label '{}'", ShownName(label, 60)));
      return;
    }
    const auto [place, fresh] = of_class_.emplace(label, fix);
    if (!fresh && (place->second.kind != fix.kind || place->second.labels != fix.labels)) {
      Problem(record, fmt::format("this line and an earlier one have different fixes for the label '{}'",
                                  ShownName(label, 60)));
    }
  }

  void OfText(const Record& record, const std::string& file, const Fix& fix) {
    const std::string_view digits = CellOf(record, "line");
    const std::optional<size_t> line = ParseNumber<size_t>(digits);
    const auto place = line ? places_.find({file, *line}) : places_.end();
    if (place == places_.end()) {
      Problem(record, fmt::format("{} has no text at line '{}'", ShownName(file, 60), ShownName(digits, 20)));
      return;
    }
    const size_t t = place->second;
    // By its key: spreadsheets rewrite line ends and drop spaces.
    if (DuplicateKey(ReadCell(CellOf(record, "text"))) != DuplicateKey(ReviewText(dataset_.examples[t].text))) {
      Problem(record, fmt::format("the text at {} has changed", PlaceText(dataset_.examples[t])));
      return;
    }
    Fix& known = fixes_.of_text[t];
    if (asked_[t] != 0 && (known.kind != fix.kind || known.labels != fix.labels)) {
      Problem(record,
              fmt::format("this line and an earlier one have different fixes for {}", PlaceText(dataset_.examples[t])));
      return;
    }
    asked_[t] = 1;
    known = fix;
  }

  void ApplyClassFixes(size_t t) {
    if (of_class_.empty()) return;
    std::set<std::string> labels;
    bool changed = false;
    for (const int32_t id : dataset_.examples[t].labels) {
      const std::string& name = dataset_.labels.names[static_cast<size_t>(id)];
      const auto fix = of_class_.find(name);
      if (fix == of_class_.end()) {
        labels.insert(name);
        continue;
      }
      changed = true;
      if (fix->second.kind == Fix::Kind::kRelabel) {
        labels.insert(fix->second.labels.begin(), fix->second.labels.end());
      } else if (!dataset_.multi_label) {
        fixes_.of_text[t].kind = Fix::Kind::kDrop;
        return;
      }
    }
    if (changed) fixes_.of_text[t] = {.kind = Fix::Kind::kRelabel, .labels = {labels.begin(), labels.end()}};
  }

  const std::string name_;
  const Dataset& dataset_;
  Fixes fixes_;
  std::map<RowPlace, size_t> places_;
  std::set<std::string> files_;
  std::map<std::string, Fix> of_class_;
  std::vector<char> asked_;  // texts with a fix of their own
  std::set<std::string> new_labels_;
  size_t problems_ = 0;
  std::string shown_;
};

}  // namespace

std::string SafeCell(std::string_view text) {
  return (!text.empty() && Dangerous(text[0]) ? "'" : "") + std::string(text);
}

std::string ReadCell(std::string_view cell) {
  if (cell.size() > 1 && cell[0] == '\'' && Dangerous(cell[1])) cell.remove_prefix(1);
  return std::string(cell);
}

std::string ReviewText(std::string_view text) {
  constexpr size_t kMostCharacters = 16000;
  std::string shown(FirstCodePoints(text, kMostCharacters));
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F) c = ' ';
  }
  return shown;
}

Result<void> WriteReview(const std::filesystem::path& path, const Dataset& dataset, std::span<const Finding> findings) {
  RowWriter writer = TRY(RowWriter::For(path));
  for (const Finding& finding : findings) {
    const Example* example = finding.text ? &dataset.examples[*finding.text] : nullptr;
    const std::vector<Field> row = {
        TextField("file", example == nullptr ? "" : SafeCell(example->file)),
        TextField("line", example == nullptr ? "" : std::to_string(example->row)),
        TextField("text", example == nullptr ? "" : SafeCell(ReviewText(example->text))),
        TextField("label", SafeCell(finding.label)),
        TextField("suggested", SafeCell(finding.suggested)),
        TextField("kind", std::string(FindingName(finding.kind))),
        TextField("score", fmt::format("{:.4f}", finding.score)),
        TextField("note", SafeCell(finding.note)),
        TextField("fix", ""),
    };
    writer.Add(row);
  }
  return writer.Write();
}

Result<Fixes> ReadReview(const std::filesystem::path& path, const Dataset& dataset) {
  const std::unique_ptr<RecordReader> reader =
      TRY(OpenRecords(path, {.known_names = {"file", "line", "suggested", "kind", "fix"}}));
  ReviewReader review(path.string(), dataset);
  Record record;
  for (;;) {
    const RecordReader::Step step = TRY(reader->Next(record));
    if (step == RecordReader::Step::kEnd) break;
    if (step == RecordReader::Step::kBadRow) {
      return Fail(ErrorCode::kInvalidData,
                  fmt::format("{}, line {}: {}", path.string(), record.row, reader->bad_reason()),
                  "save the review in the format in which it was written, and change only the column 'fix'");
    }
    for (const char* column : {"file", "line", "text", "label", "fix"}) {
      if (record.Find(column) != nullptr || reader->format() == Format::kJsonLines) continue;
      return Fail(ErrorCode::kInvalidData, fmt::format("{}: there is no column '{}'", path.string(), column),
                  "use the file that 'winnow data doctor --output' wrote, with its header");
    }
    review.Take(record);
  }
  return review.Finish();
}

}  // namespace winnow
