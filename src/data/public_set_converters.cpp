#include "data/public_set_converters.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/ascii.h"
#include "base/files.h"
#include "data/encoding.h"
#include "data/row_writer.h"
#include "data/rows.h"
#include "data/tar_reader.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMaxMail = size_t{8} << 20;

/// Calls `take` with the fields of each row of one file, by name; absent ones are empty.
Result<void> EachRow(
    const std::filesystem::path& file, const ReadOptions& options,
    const std::function<Result<void>(const Row& row, const std::function<std::string(std::string_view)>& field)>&
        take) {
  ReadReport report;
  return ForEachRow(std::vector{file}, options, report, [&](const Row& row) {
    return take(row, [&](std::string_view name) {
      const auto found = std::ranges::find(row.fields, name, &Field::name);
      return found == row.fields.end() ? std::string() : found->value.text;
    });
  });
}

/// The code points of 0x80 to 0x9F in Windows-1252 (Unicode's CP1252.TXT); what has none stays a control character.
constexpr std::array<char16_t, 32> kWindows1252 = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::string AsUtf8(std::string_view bytes) {
  Utf8Decoder decoder;
  std::string text;
  decoder.Append(bytes, true, text);
  if (decoder.invalid_bytes() == 0) return text;
  text.clear();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool windows = byte >= 0x80 && byte < 0xA0;
    AppendUtf8(windows ? kWindows1252[byte - 0x80u] : byte, text);
  }
  return text;
}

/// Returns the text with each run of white space and control characters as one space.
std::string RunTogether(std::string_view text) {
  std::string joined;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) > ' ' && c != 0x7F) {
      joined += c;
    } else if (!joined.empty() && joined.back() != ' ') {
      joined += ' ';
    }
  }
  if (joined.ends_with(' ')) joined.pop_back();
  return joined;
}

/// The directory that a member lies in: "spam" of "enron1/spam/0001.txt".
std::string_view DirectoryOf(std::string_view member) {
  const size_t end = member.rfind('/');
  if (end == std::string_view::npos) return {};
  const std::string_view directories = member.substr(0, end);
  return directories.substr(directories.rfind('/') + 1);  // npos + 1 is 0
}

Result<void> AddMails(const std::filesystem::path& archive, const std::string& part, RowWriter& writer) {
  TarReader reader = TRY(TarReader::Open(archive));
  const size_t before = writer.rows();
  while (TRY(reader.Next())) {
    const std::string_view label = DirectoryOf(reader.name());
    if (label != "ham" && label != "spam") continue;
    const std::string mail = AsUtf8(TRY(reader.Read(kMaxMail)));
    std::string_view body = mail;
    std::string_view subject;
    if (LowerAscii(body.substr(0, 8)) == "subject:") {
      const size_t end = std::min(body.find_first_of("\r\n"), body.size());
      subject = body.substr(8, end - 8);
      body.remove_prefix(end);
    }
    writer.Add(std::vector{TextField("label", std::string(label)), TextField("part", part),
                           TextField("subject", RunTogether(subject)), TextField("body", RunTogether(body))});
  }
  if (writer.rows() == before) {
    return Fail(ErrorCode::kInvalidData, archive.string() + ": contains no mails in directories 'ham' and 'spam'",
                "this is not the Enron-Spam archive");
  }
  return {};
}

}  // namespace

Parts CopyTables(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output) {
  std::vector<PublicPart> parts;
  for (const PublicFile& file : set.files) {
    PublicPart part{file.name, 0};
    TRY(EachRow(sources / file.name, {}, [&](const Row&, const auto&) -> Result<void> {
      ++part.rows;
      return {};
    }));
    TRY(WriteFileAtomically(output / part.file, TRY(ReadFile(sources / file.name))));
    parts.push_back(part);
  }
  return parts;
}

Parts ConvertSmsSpam(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output) {
  RowWriter writer = TRY(RowWriter::For(output / set.parts[0].file));
  // Said, not guessed: the messages are full of quotes, commas and tabs' look-alikes.
  TRY(EachRow(sources / set.files[0].member, {.text_field = "2", .label_field = "1"},
              [&](const Row& row, const auto& field) -> Result<void> {
                writer.Add(std::vector{TextField("label", field("label")), TextField("text", std::string(row.text))});
                return {};
              }));
  TRY(writer.Write());
  return std::vector<PublicPart>{{set.parts[0].file, writer.rows()}};
}

Parts ConvertClinc150(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output) {
  struct Out {
    std::string file;
    RowWriter writer;
  };
  std::vector<Out> outs;
  outs.reserve(set.parts.size());
  for (const PublicPart& part : set.parts) outs.push_back({part.file, TRY(RowWriter::For(output / part.file))});
  const std::map<std::string, size_t> places = {{"train", 0},     {"val", 1},     {"test", 2},
                                                {"oos_train", 3}, {"oos_val", 3}, {"oos_test", 3}};
  TRY(EachRow(sources / set.files[0].name, {}, [&](const Row& row, const auto& field) -> Result<void> {
    const std::string split = field("split");
    const auto place = places.find(split);
    if (place == places.end()) return {};
    std::vector<Field> fields = {TextField("label", field("label")), TextField("text", std::string(row.text))};
    if (place->second == 3) fields.push_back(TextField("split", split.substr(4)));
    outs[place->second].writer.Add(fields);
    return {};
  }));
  std::vector<PublicPart> parts;
  for (const Out& out : outs) {
    if (out.writer.rows() == 0) {
      return Fail(ErrorCode::kInvalidData, (sources / set.files[0].name).string() + ": has no examples for " + out.file,
                  "expected lists named train, val, test, oos_train, oos_val and oos_test");
    }
    TRY(out.writer.Write());
    parts.push_back({out.file, out.writer.rows()});
  }
  return parts;
}

Parts ConvertHateDavidson(const PublicSet& set, const std::filesystem::path& sources,
                          const std::filesystem::path& output) {
  RowWriter writer = TRY(RowWriter::For(output / set.parts[0].file));
  const std::filesystem::path file = sources / set.files[0].name;
  const std::array<std::string, 3> names = {"hate_speech", "offensive_language", "neither"};
  TRY(EachRow(file, {.text_field = "tweet", .label_field = "class"},
              [&](const Row& row, const auto& field) -> Result<void> {
                const std::string label = field("class");
                if (label != "0" && label != "1" && label != "2") {
                  return Fail(ErrorCode::kInvalidData, file.string() + ", line " + std::to_string(row.row) +
                                                           ": the class is '" + label + "', expected 0, 1 or 2");
                }
                std::vector<Field> fields = {TextField("label", names[static_cast<size_t>(label[0] - '0')])};
                // Not under the labels' own names, which would make a multi-label set of them.
                for (const std::string& name : names) fields.push_back(TextField("votes_" + name, field(name)));
                fields.push_back(TextField("text", std::string(row.text)));
                writer.Add(fields);
                return {};
              }));
  TRY(writer.Write());
  return std::vector<PublicPart>{{set.parts[0].file, writer.rows()}};
}

Parts ConvertEnronSpam(const PublicSet& set, const std::filesystem::path& sources,
                       const std::filesystem::path& output) {
  RowWriter writer = TRY(RowWriter::For(output / set.parts[0].file));
  for (const PublicFile& file : set.files) {
    TRY(AddMails(sources / file.name, file.name.substr(0, file.name.find('.')), writer));
  }
  TRY(writer.Write());
  return std::vector<PublicPart>{{set.parts[0].file, writer.rows()}};
}

}  // namespace winnow
