/// Public data sets: their addresses, licences, digests and conversion to files
/// that `winnow train` reads. The caller downloads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// One file of a data set as its authors publish it.
struct PublicFile {
  std::string name;                    ///< name of the file in the directory of sources
  std::vector<std::string> addresses;  ///< URLs, tried in order
  std::string sha256;                  ///< digest of the file, or empty if unknown
  std::string member = {};             ///< the entry that is used of a zip archive; sha256 then refers to that entry
};

/// One file that the conversion writes.
struct PublicPart {
  std::string file;  ///< name of the file: "train.tsv"
  size_t rows = 0;   ///< number of rows with text and label that the authors report
};

struct PublicSet {
  std::string name;   ///< name for the command line: "sms-spam"
  std::string title;  ///< "SMS Spam Collection v.1: 747 of 5,574 English messages are spam"
  std::string homepage;
  std::string licence;
  std::string citation;
  std::vector<PublicFile> files;
  std::vector<PublicPart> parts;
  std::string train_options = {};  ///< further options for `winnow train`; {dir}: the parts' directory

  /// Reads the files (of a zip archive: the member) in `sources` and writes the parts to `output`, each atomically.
  /// Returns the parts with their numbers of rows. Errors: kNotFound, kIo; kInvalidData for files without the expected
  /// contents.
  Result<std::vector<PublicPart>> (*convert)(const PublicSet& set, const std::filesystem::path& sources,
                                             const std::filesystem::path& output);
};

/// Returns all known data sets, ordered by name.
std::span<const PublicSet> PublicSets();

/// Returns the data set with that name, or null.
const PublicSet* FindPublicSet(std::string_view name);

}  // namespace winnow
