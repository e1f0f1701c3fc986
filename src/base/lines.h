/// Division of a text into lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// Returns the lines of `text` without their line ends; empty lines are left out.
std::vector<std::string> Lines(std::string_view text);

/// Takes the first line from `text`, which must outlive it. Returns it without its end, "\n" or "\r\n".
std::string_view TakeLine(std::string_view& text);

/// Takes the first line from `text`, which must outlive it. Returns it with its end, if it has one.
std::string_view TakeLineWithEnd(std::string_view& text);

/// Returns a line without the line feed and all carriage returns at its end: mail has lines that end in "\r\r\n".
std::string_view WithoutLineEnd(std::string_view line);

/// Returns a text without a byte order mark of UTF-8 at its beginning, which editors on Windows write.
std::string_view WithoutByteOrderMark(std::string_view text);

/// Returns a message for a console, in which control characters are escaped as by Printable (base/log.h), except line
/// ends that two spaces follow: an error's hint or list has lines of its own, which are indented. So text from outside
/// cannot begin a line.
std::string PrintableMessage(std::string_view message);

}  // namespace winnow
