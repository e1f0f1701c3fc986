/// Conversion of the published files of data sets to files that `winnow train` reads (PublicSet::convert).
#pragma once

#include <filesystem>
#include <vector>

#include "data/public_sets.h"

namespace winnow {

using Parts = Result<std::vector<PublicPart>>;

/// A table with its columns under the usual names goes as it is.
Parts CopyTables(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

/// label TAB text, a message a line.
Parts ConvertSmsSpam(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

/// {"train": [[text, intent], ...], "oos_train": ...}. The out-of-scope parts become one file with a column that tells
/// them apart.
Parts ConvertClinc150(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

/// Classes 0, 1, 2 by their names; the votes stay in columns of their own.
Parts ConvertHateDavidson(const PublicSet& set, const std::filesystem::path& sources,
                          const std::filesystem::path& output);

/// enronN/ham/*.txt and enronN/spam/*.txt, each "Subject: ..." and a body. White space runs together, since the line
/// ends of these mails are where their preprocessing put them; bytes that are no UTF-8 are read as Windows-1252.
Parts ConvertEnronSpam(const PublicSet& set, const std::filesystem::path& sources, const std::filesystem::path& output);

}  // namespace winnow
