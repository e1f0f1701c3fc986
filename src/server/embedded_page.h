/// The files of the web page in the program, which cmake/embedded_page.cmake puts there.
#pragma once

#include <span>
#include <string_view>

namespace winnow {

struct EmbeddedPageFile {
  std::string_view path;  ///< path below the page: "assets/index-4f2a.js"
  std::string_view etag;  ///< hexadecimal digits that change with the contents
  std::string_view gzip;  ///< contents as a gzip stream
};

/// Returns all files; none if the program was built without the page.
std::span<const EmbeddedPageFile> EmbeddedPage();

}  // namespace winnow
