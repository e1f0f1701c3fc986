/// Messages in files: .eml files, mbox files (mboxo and mboxrd), Maildir directories, and directories of these.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// One message of a file; valid only during the call that receives it.
struct MailItem {
  std::string_view file;    ///< path, beginning as the user gave it
  size_t number = 0;        ///< position in an mbox file, from 1; 1 in other files
  std::string_view folder;  ///< name of the folder: a directory or an mbox file inside the given directory
  std::string_view raw;     ///< bytes of the message, with its "From " line if it is of an mbox file
};

/// What ForEachMail did not pass on.
struct MailFileReport {
  size_t files = 0;
  size_t messages = 0;
  size_t drafts_and_deleted = 0;   ///< messages of a Maildir with the flag D or T
  std::vector<std::string> notes;  ///< files that are not messages, as sentences
};

/// Passes the messages of `paths` to `take`, sorted by path. A file is an mbox file if MboxIn finds one in it,
/// otherwise one message; of an .emlx file of Apple Mail, the message in it. A directory that contains `cur` or `new`
/// is a Maildir; its subfolders (".Junk", as Maildir++ has them, or those of Dovecot's LAYOUT=fs) are folders of their
/// own. In other directories all files and directories are read; each directory or mbox file directly in it is a
/// folder, and in a directory NAME.sbd of Thunderbird, which has the subfolders of NAME, so are these. Hidden files,
/// and the files in which Dovecot and others keep an index, are skipped. Files that gzip has compressed are
/// decompressed. Stops at the first error of `take`. Errors: kNotFound, kIo.
Result<void> ForEachMail(std::span<const std::filesystem::path> paths, MailFileReport& report,
                         const std::function<Result<void>(const MailItem& item)>& take);

/// Returns the contents of an mbox file, which begin with "From "; nothing for another file. A byte order mark and
/// empty lines before a "From " line with a time of day are left out.
std::string_view MboxIn(std::string_view contents);

/// Returns true for bytes that begin as a message does: with the "From " line of an mbox file, or with header fields
/// alone up to an empty line or the end, among them two that messages have, such as From and Received.
bool BeginsLikeMail(std::string_view contents);

/// Returns true for a message of an mbox file, as MailItem::raw has it, that only waits for its file to be compacted:
/// deleted in Thunderbird (X-Mozilla-Status), or deleted or a draft in Alpine or Dovecot (X-Status); and for the
/// message in which the latter two keep the data of the folder. A message that was moved to another folder stays in the
/// file as a deleted one.
bool IsDeletedInMbox(std::string_view raw);

/// Divides the contents of an mbox file: a message begins at each line "From " with a time of day, at the beginning or
/// behind an empty line.
std::vector<std::string_view> MessagesOfMbox(std::string_view contents);

}  // namespace winnow
