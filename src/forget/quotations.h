/// Texts that are quoted in files which are no lists of texts: results, logs, reports, rules.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "forget/forgotten_texts.h"

namespace winnow {

/// What stands in the place of a text or a name that is forgotten, as in the audit log of the store.
inline constexpr std::string_view kForgottenWord = "(forgotten)";

/// Finds texts that are a part of something longer, compared as messages are (text/duplicate_key.h).
class TextFinder {
 public:
  static constexpr size_t kShortest = 8;
  /// Texts of less than `shortest` bytes are not looked for: they are found everywhere.
  explicit TextFinder(const std::vector<std::string>& texts, size_t shortest = kShortest);

  /// Returns true if a text is a part of `contents`.
  bool In(std::string_view contents) const;
  /// Returns true for the beginning of a text, of at least 16 bytes, that ends in "...", and for a part as above.
  bool QuotedIn(std::string_view text) const;
  /// Returns true if a file, gzip files unpacked and UTF-16 decoded, contains a text as it is, or as JSON, HTML or
  /// tables with quotes write it. In binary files a text is found in its own spelling alone. Errors: kNotFound, kIo.
  Result<bool> InFile(const std::filesystem::path& file) const;

 private:
  bool InWindow(std::string_view window) const;

  std::vector<std::string> raw_, keys_;
  size_t longest_ = 0;
};

/// What strings of JSON are replaced.
struct Quoted {
  const TextFinder& finder;
  const ForgottenTexts& texts;  ///< values that are one of them, of at least TextFinder::kShortest bytes
  /// Names of users: strings that are one of them where they are the value of one of the keys, or the argument --actor.
  const std::vector<std::string>& names;
  const std::vector<std::string>& of_keys;
};

/// Returns the contents of a file of JSON or of lines of JSON with the strings that quote a text, and names of users,
/// replaced by kForgottenWord; all other bytes stay. `replaced` is their number. Contents that are no JSON stay.
std::string WithoutQuotations(std::string_view json, const Quoted& quoted, size_t& replaced);

}  // namespace winnow
