#include "server/page_files.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/ascii.h"
#include "base/files.h"
#include "server/embedded_page.h"

namespace winnow {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypes = {
    {{".html", "text/html; charset=utf-8"},
     {".js", "text/javascript; charset=utf-8"},
     {".mjs", "text/javascript; charset=utf-8"},
     {".css", "text/css; charset=utf-8"},
     {".svg", "image/svg+xml"},
     {".png", "image/png"},
     {".ico", "image/x-icon"},
     {".webp", "image/webp"},
     {".json", "application/json"},
     {".webmanifest", "application/manifest+json"},
     {".txt", "text/plain; charset=utf-8"},
     {".woff2", "font/woff2"}}};

std::string TypeOf(std::string_view path) {
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return std::string(type);
  }
  return "application/octet-stream";
}

bool IsNameCharacter(char c) { return IsAsciiAlphanumeric(c) || c == '.' || c == '_' || c == '-'; }

bool IsPlain(std::string_view path) {
  bool begins = true;  // a part of the path
  for (const char c : path) {
    if (c == '/' ? begins : !IsNameCharacter(c) || (begins && c == '.')) return false;
    begins = c == '/';
  }
  return !begins;
}

}  // namespace

PageFiles PageFiles::OfEnvironment() {
  const char* const directory = std::getenv("WINNOW_WEB_DIR");
  return PageFiles(directory == nullptr ? "" : directory);
}

bool PageFiles::any() const { return Find("index.html").has_value(); }

std::optional<PageFile> PageFiles::Find(std::string_view path) const {
  if (!IsPlain(path)) return std::nullopt;
  if (!directory_.empty()) {
    Result<std::string> read = ReadFile(directory_ / path);
    if (!read) return std::nullopt;
    return PageFile{.body = std::move(*read), .gzip = false, .type = TypeOf(path), .etag = {}};
  }
  const std::span<const EmbeddedPageFile> files = EmbeddedPage();
  const auto found = std::ranges::find(files, path, &EmbeddedPageFile::path);
  if (found == files.end()) return std::nullopt;
  return PageFile{
      .body = std::string(found->gzip), .gzip = true, .type = TypeOf(path), .etag = std::string(found->etag)};
}

std::string PageAt(std::string_view path, std::string html) {
  constexpr std::string_view kHere = "=\"./";
  // A browser resolves references in the folder of the address: from /ui in that of /, from /ui/data in /ui.
  const auto slashes = std::ranges::count(path, '/');
  if (slashes == 2) return html;
  std::string there = slashes < 2 ? "=\"ui/" : "=\"";
  for (auto depth = slashes; depth > 2; --depth) there += "../";
  for (size_t at = 0; (at = html.find(kHere, at)) != std::string::npos; at += there.size()) {
    html.replace(at, kHere.size(), there);
  }
  return html;
}

}  // namespace winnow
