/// Public data sets: where they live, under which terms, what proves that they arrived whole, and how they become files
/// that `winnow train` reads. Fetching them is the caller's.
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

/// One file of a set, as its home gives it.
struct PublicFile {
  std::string name;                    ///< its name in the directory of sources
  std::vector<std::string> addresses;  ///< the first that answers
  std::string sha256;                  ///< of the file, or empty where none is known
  std::string member = {};             ///< of a zip archive: the entry that counts; then sha256 is of that
};

/// One file that comes of it.
struct PublicPart {
  std::string file;  ///< "train.tsv"
  size_t rows = 0;   ///< with text and label; those that its authors count
};

struct PublicSet {
  std::string name;   ///< "sms-spam"
  std::string title;  ///< "SMS Spam Collection v.1: 747 of 5,574 English messages are spam"
  std::string homepage;
  std::string licence;
  std::string citation;
  std::vector<PublicFile> files;
  std::vector<PublicPart> parts;
  std::string train_options = {};  ///< what `winnow train` should be told beside the first part; {dir}: of the parts

  /// Reads the files (of a zip: the member) in `sources` and writes the parts to `output`, each atomically. Returns
  /// them with the rows that there were. Errors: kNotFound, kIo; kInvalidData for files that are not what they should
  /// be.
  Result<std::vector<PublicPart>> (*convert)(const PublicSet& set, const std::filesystem::path& sources,
                                             const std::filesystem::path& output);
};

/// All that are known, by name.
std::span<const PublicSet> PublicSets();

/// Null when there is none of that name.
const PublicSet* FindPublicSet(std::string_view name);

}  // namespace winnow
