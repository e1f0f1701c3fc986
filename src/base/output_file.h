/// Files that a user names as output. Such a name may stand for a pipe, a device or a link, which are written to or
/// followed as every program does, and never replaced by a file.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace winnow {

/// Checks before the work that `output` can be written to, and that it is none of `inputs` under this or another name:
/// a file that is read is never replaced by what is made of it. Devices and sockets may be both. Errors:
/// kInvalidArgument if it is one of them; kIo if it is a directory, a block device or a socket.
Result<void> CheckOutputFile(const std::filesystem::path& output, std::span<const std::filesystem::path> inputs = {});

/// Writes the contents that `write`, called once, passes to its sink. A file is written as WriteFileAtomically does; a
/// symbolic link stays, and the file that it points to is written. A named pipe, a character device and an open
/// descriptor (/dev/stdout, /dev/fd/N) receive the pieces as they come; a pipe waits for its reader. Errors: those of
/// CheckOutputFile, of WriteFileAtomically and of `write`; kCancelled if the user stops the process meanwhile.
Result<void> WriteOutputFile(const std::filesystem::path& output,
                             const std::function<Result<void>(const FileSink&)>& write);
Result<void> WriteOutputFile(const std::filesystem::path& output, std::string_view contents);

/// Appends a line as AppendLine does; a stream, as above, receives it. Errors: those of AppendLine and WriteOutputFile.
Result<void> AppendOutputLine(const std::filesystem::path& output, std::string_view line);

}  // namespace winnow
