#include "mail/mail_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/files.h"
#include "base/parse_number.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Returns true for "From joe@example.com Sat Nov 28 21:00:00 2026". The time of day tells it from a sentence in mbox
/// files whose writer quoted nothing (mboxcl).
bool IsFromLine(std::string_view line) {
  if (!line.starts_with("From ")) return false;
  for (size_t i = line.find(':'); i != std::string_view::npos; i = line.find(':', i + 1)) {
    if (i >= 1 && IsDigit(line[i - 1]) && i + 2 < line.size() && IsDigit(line[i + 1]) && IsDigit(line[i + 2])) {
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

class MailWalker {
 public:
  using Take = std::function<Result<void>(const MailItem& item)>;

  MailWalker(MailFileReport& report, const Take& take) : report_(report), take_(take) {}

  Result<void> Read(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return Fail(ErrorCode::kNotFound, path.string() + ": no such file or directory");
    if (!fs::is_directory(status)) return ReadOne(path, path.stem().string(), false);
    const fs::path clean = (path / "").lexically_normal().parent_path();
    const std::string name = clean.filename().string();
    return IsMaildir(path) ? ReadMaildir(path, name) : ReadDirectory(path, name, 0);
  }

 private:
  static Result<std::vector<fs::path>> Sorted(const fs::path& directory) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      entries.push_back(entry->path());
    }
    if (error) {
      return Fail(ErrorCode::kIo,
                  fmt::format("{}: cannot read the directory: {}", directory.string(), error.message()));
    }
    std::ranges::sort(entries);
    return entries;
  }

  Result<void> ReadMaildir(const fs::path& directory, const std::string& folder) {
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
    for (const fs::path& entry : TRY(Sorted(directory))) {
      const std::string name = entry.filename().string();
      if (name == "cur" || name == "new" || name == "tmp" || !IsMaildir(entry)) continue;
      TRY(ReadMaildir(entry, name.starts_with('.') ? name.substr(1) : name));
    }
    return {};
  }

  /// `depth` 0: the given directory, whose entries are the folders.
  Result<void> ReadDirectory(const fs::path& directory, const std::string& folder, int depth) {
    constexpr int kMaxDepth = 20;  // symbolic links can lead back
    if (depth > kMaxDepth) {
      report_.notes.push_back(
          fmt::format("{}: directories deeper than {} levels are not read", directory.string(), kMaxDepth));
      return {};
    }
    for (const fs::path& entry : TRY(Sorted(directory))) {
      const std::string name = entry.filename().string();
      std::error_code error;
      const fs::file_status status = fs::status(entry, error);
      if (fs::is_directory(status)) {
        if (name.starts_with('.') && !IsMaildir(entry)) continue;
        const std::string inner = depth > 0 ? folder : name.starts_with('.') ? name.substr(1) : name;
        TRY(IsMaildir(entry) ? ReadMaildir(entry, inner) : ReadDirectory(entry, inner, depth + 1));
      } else if (fs::is_regular_file(status) && !name.starts_with('.') && !IsIndexFile(name)) {
        TRY(ReadOne(entry, depth > 0 ? folder : std::string(), false));
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
    const std::string_view contents(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
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
    const std::string own = folder.empty() ? path.stem().string() : folder;
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
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (contents.starts_with(kMark)) contents.remove_prefix(kMark.size());
  contents.remove_prefix(std::min(contents.find_first_not_of("\r\n"), contents.size()));
  return IsFromLine(contents.substr(0, contents.find('\n'))) ? contents : std::string_view();
}

std::vector<std::string_view> MessagesOfMbox(std::string_view contents) {
  std::vector<std::string_view> messages;
  size_t begin = 0;
  bool blank = true;  // the line before is empty
  for (size_t at = 0; at < contents.size();) {
    const size_t end = std::min(contents.find('\n', at), contents.size() - 1) + 1;
    std::string_view line = contents.substr(at, end - at);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (blank && at > begin && IsFromLine(line)) {
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
