/// Conversion of the published files of data sets to files that `winnow train` reads (PublicSet::convert).
#pragma once

#include <filesystem>
#include <vector>

#include "data/public_sets.h"

namespace winnow {

using Parts = Result<std::vector<PublicPart>>;

/// Copies tables whose columns have the usual names, unchanged.
Parts CopyTables(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

/// Converts lines of the form label TAB text, one message per line.
Parts ConvertSmsSpam(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

/// Converts {"train": [[text, intent], ...], "oos_train": ...}. The out-of-scope parts become one file with a column
/// that names the part.
Parts ConvertClinc150(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

/// Converts a table whose classes 0, 1, 2 become names; the votes stay in columns of their own.
Parts ConvertHateDavidson(const PublicSet& set, const std::filesystem::path& sources,
                          const std::filesystem::path& output);

/// Converts enronN/ham/*.txt and enronN/spam/*.txt, each of which has a line "Subject: ..." and a body. Runs of white
/// space become one space, since the line ends of these mails come from their preprocessing; bytes that are not valid
/// UTF-8 are read as Windows-1252.
Parts ConvertEnronSpam(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

}  // namespace winnow
