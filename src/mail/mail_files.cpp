#include "mail/mail_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/parse_number.h"
#include "data/gzip_reader.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Returns true for "From joe@example.com Sat Nov 28 21:00:00 2026". The time of day tells it from a sentence in mbox
/// files whose writer quoted nothing (mboxcl).
bool IsMboxFromLine(std::string_view line) {
  if (!line.starts_with("From ")) return false;
  for (size_t i = line.find(':'); i != std::string_view::npos; i = line.find(':', i + 1)) {
    if (i >= 1 && IsAsciiDigit(line[i - 1]) && i + 2 < line.size() && IsAsciiDigit(line[i + 1]) &&
        IsAsciiDigit(line[i + 2])) {
      return true;
    }
  }
  return false;
}

/// The message in a file of Apple Mail (.emlx): the first line is its size, and a property list follows it. The whole
/// contents if they have another form.
std::string_view MessageOfAppleMail(std::string_view contents) {
  const size_t end = contents.substr(0, 32).find('\n');
  if (end == std::string_view::npos) return contents;
  const std::optional<size_t> size = ParseNumber<size_t>(TrimAscii(contents.substr(0, end)));
  return size ? contents.substr(end + 1, *size) : contents;
}

/// The flags of a file of a Maildir: "S" of "1234.host:2,S" (cr.yp.to/proto/maildir.html).
std::string_view FlagsOf(std::string_view name) {
  const size_t info = name.rfind(":2,");
  return info == std::string_view::npos ? std::string_view() : name.substr(info + 3);
}

/// Files that mail servers keep beside messages.
bool IsIndexFile(const std::string& name) {
  return name.starts_with("dovecot") || name.starts_with("courierimap") || name == "maildirfolder" ||
         name == "maildirsize" || name == "subscriptions" || name.ends_with(".msf");
}

bool IsMaildir(const fs::path& directory) {
  std::error_code error;
  return fs::is_directory(directory / "cur", error) || fs::is_directory(directory / "new", error);
}

/// The name of a header field, in lower case; empty for a line that is none.
std::string FieldName(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view name = line.substr(0, colon);
  const bool valid = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127; });
  return valid ? LowerAscii(name) : std::string();
}

/// Returns the contents of a gzip file. Errors: kInvalidData if they are damaged, or too large.
Result<std::string> Unpacked(const fs::path& path) {
  constexpr size_t kMostBytes = size_t{1} << 30;
  constexpr size_t kPiece = size_t{1} << 16;
  GzipReader file = TRY(GzipReader::Open(path));
  std::string contents;
  while (contents.size() < kMostBytes) {
    const size_t before = contents.size();
    contents.resize(before + kPiece);
    const size_t read = TRY(file.Read(contents.data() + before, kPiece));
    contents.resize(before + read);
    if (read < kPiece) return contents;
  }
  return Fail(ErrorCode::kInvalidData, path.string() + ": has 1 GB or more when it is decompressed",
              "decompress it, and divide it into smaller files");
}

/// Says what a file is that contains messages in a form that is not read; empty for other files.
std::string_view ForeignForm(std::string_view contents) {
  using namespace std::string_view_literals;
  if (contents.starts_with("\x28\xB5\x2F\xFD"sv)) return "compressed with zstd; decompress it first";
  if (contents.starts_with("\x04\x22\x4D\x18"sv)) return "compressed with lz4; decompress it first";
  if (contents.starts_with("\xFD"
                           "7zXZ\0"sv))
    return "compressed with xz; decompress it first";
  if (contents.starts_with("BZh"sv) && contents.substr(0, 10).ends_with("1AY&SY"sv)) {
    return "compressed with bzip2; decompress it first";
  }
  if (contents.starts_with("2 M"sv) && contents.substr(0, 256).find("\n\x01\x02"sv) != std::string_view::npos) {
    return "a file of Dovecot's dbox format; 'doveadm backup -u USER maildir:DIRECTORY' writes the messages as a Maildir";
  }
  return {};
}

class MailWalker {
 public:
  using Take = std::function<Result<void>(const MailItem& item)>;

  MailWalker(MailFileReport& report, const Take& take) : report_(report), take_(take) {}

  Result<void> Read(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status))
      return Fail(ErrorCode::kNotFound, path.string() + ": no such file or directory", "check the path");
    if (!fs::is_directory(status)) return ReadOne(path, path.stem().string(), false);
    const fs::path clean = (path / "").lexically_normal().parent_path();
    const std::string name = clean.filename().string();
    return IsMaildir(path) ? ReadMaildir(path, name, 0) : ReadDirectory(path, "", 0);
  }

 private:
  /// Returns true, with a note, for a directory that is too deep: symbolic links can lead back.
  bool IsTooDeep(const fs::path& directory, int depth) {
    constexpr int kMaxDepth = 20;
    if (depth <= kMaxDepth) return false;
    report_.notes.push_back(
        fmt::format("{}: directories deeper than {} levels are not read", directory.string(), kMaxDepth));
    return true;
  }

  /// The name of a folder whose directory has this name: that of a subfolder of a Maildir begins with a dot
  /// (Maildir++).
  static std::string FolderName(const std::string& name) { return name.starts_with('.') ? name.substr(1) : name; }

  static Result<std::vector<fs::path>> Sorted(const fs::path& directory) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      entries.push_back(entry->path());
    }
    if (error) {
      return Fail(ErrorCode::kIo, fmt::format("{}: cannot read the directory: {}", directory.string(), error.message()),
                  "check the permissions of the directory");
    }
    std::ranges::sort(entries);
    return entries;
  }

  Result<void> ReadMaildir(const fs::path& directory, const std::string& folder, int depth) {
    if (IsTooDeep(directory, depth)) return {};
    std::error_code error;
    for (const char* const part : {"cur", "new"}) {
      if (!fs::is_directory(directory / part, error)) continue;
      for (const fs::path& file : TRY(Sorted(directory / part))) {
        const std::string name = file.filename().string();
        if (name.starts_with('.') || !fs::is_regular_file(file, error)) continue;
        if (FlagsOf(name).find_first_of("DT") != std::string_view::npos) {
          ++report_.drafts_and_deleted;
          continue;
        }
        TRY(ReadOne(file, folder, true));
      }
    }
    return ReadSubfolders(directory, depth);
  }

  /// Reads the Maildirs below a directory. With Dovecot's LAYOUT=fs a folder that has subfolders alone has no `cur`.
  Result<void> ReadSubfolders(const fs::path& directory, int depth) {
    if (IsTooDeep(directory, depth)) return {};
    std::error_code error;
    for (const fs::path& entry : TRY(Sorted(directory))) {
      const std::string name = entry.filename().string();
      if (name == "cur" || name == "new" || name == "tmp" || !fs::is_directory(entry, error)) continue;
      if (IsMaildir(entry)) {
        TRY(ReadMaildir(entry, FolderName(name), depth + 1));
      } else if (!name.starts_with('.')) {
        TRY(ReadSubfolders(entry, depth + 1));
      }
    }
    return {};
  }

  /// Reads all files in a directory. With an empty `folder` its entries are the folders.
  Result<void> ReadDirectory(const fs::path& directory, const std::string& folder, int depth) {
    if (IsTooDeep(directory, depth)) return {};
    for (const fs::path& entry : TRY(Sorted(directory))) {
      const std::string name = entry.filename().string();
      std::error_code error;
      const fs::file_status status = fs::status(entry, error);
      if (fs::is_directory(status)) {
        if (name.starts_with('.') && !IsMaildir(entry)) continue;
        const std::string inner = folder.empty() ? FolderName(name) : folder;
        // Thunderbird has the subfolders of the folder NAME in NAME.sbd.
        const bool subfolders = folder.empty() && name.ends_with(".sbd");
        TRY(IsMaildir(entry) ? ReadMaildir(entry, inner, depth + 1)
                             : ReadDirectory(entry, subfolders ? "" : inner, depth + 1));
      } else if (fs::is_regular_file(status) && !name.starts_with('.') && !IsIndexFile(name)) {
        TRY(ReadOne(entry, folder, false));
      }
    }
    return {};
  }

  /// Reads a file. `folder` is empty for a file directly in the given directory; an mbox file there is a folder itself.
  Result<void> ReadOne(const fs::path& path, const std::string& folder, bool maildir) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
      return Fail(ErrorCode::kIo, path.string() + ": not a regular file", "name an .eml or mbox file, or a directory");
    }
    ++report_.files;
    if (fs::file_size(path, error) == 0) {
      report_.notes.push_back(path.string() + ": the file is empty");
      return {};
    }
    const MappedFile file = TRY(MappedFile::Open(path));
    std::string_view contents(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    std::string unpacked;
    if (contents.starts_with("\x1F\x8B")) {
      Result<std::string> whole = Unpacked(path);
      if (!whole) {
        report_.notes.push_back(whole.error().message);
        return {};
      }
      unpacked = *std::move(whole);
      contents = unpacked;
    }
    if (const std::string_view form = ForeignForm(contents); !form.empty()) {
      report_.notes.push_back(fmt::format("{}: {}", path.string(), form));
      return {};
    }
    const bool binary = contents.starts_with("%PDF-") || contents.substr(0, 4096).find('\0') != std::string_view::npos;
    if (binary && !maildir && LowerAscii(path.extension().string()) != ".eml") {
      report_.notes.push_back(path.string() + ": a binary file, not a message");
      return {};
    }
    const std::string name = path.string();
    const std::string_view mbox = maildir ? std::string_view() : MboxIn(contents);
    if (mbox.empty()) {
      const bool apple = !maildir && LowerAscii(path.extension().string()) == ".emlx";
      ++report_.messages;
      return take_({name, 1, folder.empty() ? std::string_view() : std::string_view(folder),
                    apple ? MessageOfAppleMail(contents) : contents});
    }
    const fs::path plain = LowerAscii(path.extension().string()) == ".gz" ? path.stem() : path;
    const std::string own = folder.empty() ? plain.stem().string() : folder;
    size_t number = 0;
    for (const std::string_view raw : MessagesOfMbox(mbox)) {
      ++report_.messages;
      TRY(take_({name, ++number, own, raw}));
    }
    return {};
  }

  MailFileReport& report_;
  const Take& take_;
};

}  // namespace

Result<void> ForEachMail(std::span<const fs::path> paths, MailFileReport& report,
                         const std::function<Result<void>(const MailItem& item)>& take) {
  MailWalker walker(report, take);
  for (const fs::path& path : paths) TRY(walker.Read(path));
  return {};
}

std::string_view MboxIn(std::string_view contents) {
  if (contents.starts_with("From ")) return contents;
  contents = WithoutByteOrderMark(contents);
  contents.remove_prefix(std::min(contents.find_first_not_of("\r\n"), contents.size()));
  return IsMboxFromLine(contents.substr(0, contents.find('\n'))) ? contents : std::string_view();
}

bool BeginsLikeMail(std::string_view contents) {
  constexpr size_t kMostHeaderBytes = size_t{1} << 16;
  constexpr std::array<std::string_view, 12> kFields = {"from",         "to",           "subject",    "date",
                                                        "received",     "return-path",  "message-id", "sender",
                                                        "delivered-to", "mime-version", "reply-to",   "x-original-to"};
  contents = WithoutByteOrderMark(contents);
  contents.remove_prefix(std::min(contents.find_first_not_of("\r\n"), contents.size()));
  if (contents.starts_with("From ")) {
    if (IsMboxFromLine(TakeLine(contents))) return true;
  }
  const bool cut = contents.size() >= kMostHeaderBytes;
  std::string_view header = contents.substr(0, kMostHeaderBytes);
  if (cut) header = header.substr(0, header.rfind('\n') + 1);
  std::array<bool, kFields.size()> has{};
  bool any = false;
  while (!header.empty()) {
    const std::string_view line = TakeLine(header);
    if (line.empty()) break;
    if (any && (line[0] == ' ' || line[0] == '\t')) continue;  // of the field above
    const std::string name = FieldName(line);
    if (name.empty()) return false;
    any = true;
    if (const auto found = std::ranges::find(kFields, name); found != kFields.end()) {
      has[static_cast<size_t>(found - kFields.begin())] = true;
    }
  }
  return std::ranges::count(has, true) >= 2;
}

bool IsDeletedInMbox(std::string_view raw) {
  constexpr unsigned kExpunged = 8;  // nsMsgMessageFlags::Expunged of Thunderbird
  if (!raw.starts_with("From ")) return false;
  TakeLine(raw);
  bool folder_data = false;
  std::string_view subject;
  while (!raw.empty()) {
    const std::string_view line = TakeLine(raw);
    if (line.empty()) break;
    const std::string name = FieldName(line);
    if (name.empty()) continue;
    const std::string_view value = TrimAscii(line.substr(name.size() + 1));
    if (name == "x-mozilla-status") {
      unsigned flags = 0;
      std::from_chars(value.data(), value.data() + value.size(), flags, 16);
      if ((flags & kExpunged) != 0) return true;
    } else if (name == "x-status") {
      if (value.find_first_of("DT") != std::string_view::npos) return true;
    } else if (name == "x-imap" || name == "x-imapbase") {
      folder_data = true;
    } else if (name == "subject") {
      subject = value;
    }
  }
  return folder_data && subject.starts_with("DON'T DELETE THIS MESSAGE");
}

std::vector<std::string_view> MessagesOfMbox(std::string_view contents) {
  std::vector<std::string_view> messages;
  size_t begin = 0;
  bool blank = true;  // the line before is empty
  for (size_t at = 0; at < contents.size();) {
    const size_t end = std::min(contents.find('\n', at), contents.size() - 1) + 1;
    const std::string_view line = WithoutLineEnd(contents.substr(at, end - at));
    if (blank && at > begin && IsMboxFromLine(line)) {
      messages.push_back(contents.substr(begin, at - begin));
      begin = at;
    }
    blank = line.empty();
    at = end;
  }
  if (begin < contents.size()) messages.push_back(contents.substr(begin));
  return messages;
}

}  // namespace winnow
