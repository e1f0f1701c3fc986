/// Messages of the readers of data files in the words of clients of a server.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace winnow {

/// Returns an error without what concerns the machine alone: the file has its name instead of its path, and options
/// their names instead of those of the command line.
Error ForClients(Error error, const std::filesystem::path& file);
/// Returns an error as one line.
std::string OneLine(const Error& error);
/// Returns a sentence of a message in this form: with a capital letter and a full stop.
std::string Sentence(std::string text, const std::filesystem::path& file);

}  // namespace winnow
