/// The files of the web page: those in the program, or those of a directory while the page is being developed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace winnow {

struct PageFile {
  std::string body;
  bool gzip = false;  ///< true if the body is a gzip stream of the file
  std::string type;   ///< media type, with the character set of texts
  std::string etag;   ///< hexadecimal digits that change with the contents; empty: unknown
};

/// Thread-safe.
class PageFiles {
 public:
  /// The files of `directory`; empty: those in the program.
  explicit PageFiles(std::filesystem::path directory = {}) : directory_(std::move(directory)) {}
  /// The files of the directory that the environment variable WINNOW_WEB_DIR names, or those in the program.
  static PageFiles OfEnvironment();

  /// Returns whether there is a page.
  bool any() const;
  /// Returns the file with this path below the page, such as "assets/index-4f2a.js"; nothing if there is none. Paths
  /// with parts other than letters, digits, '.', '_' and '-', or that begin with '.', name no file.
  std::optional<PageFile> Find(std::string_view path) const;

 private:
  std::filesystem::path directory_;
};

/// Returns `html`, whose attributes name files of the page as "./assets/index-4f2a.js", with these relative to `path`,
/// at which a browser asked for it: "/ui", "/ui/", "/ui/data", "/ui/data/spam.tsv". Thus the page needs not know which
/// path a proxy in front of the server has removed.
std::string PageAt(std::string_view path, std::string html);

}  // namespace winnow
