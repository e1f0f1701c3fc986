#include "mail/plain_text.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/lines.h"

namespace winnow {
namespace {

bool IsBlankLine(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

std::string WithPlainLineEnds(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out += text[i];
      continue;
    }
    while (i + 1 < text.size() && text[i + 1] == '\r') ++i;  // "\r\r\n" is one line end
    if (i + 1 >= text.size() || text[i + 1] != '\n') out += '\n';
  }
  size_t begin = 0;
  for (size_t end = out.find('\n');
       end != std::string_view::npos && IsBlankLine(std::string_view(out).substr(begin, end - begin));
       end = out.find('\n', begin)) {
    begin = end + 1;
  }
  out.erase(0, begin);
  out.erase(out.find_last_not_of(" \t\n") + 1);
  if (!out.empty()) out += '\n';
  return out;
}

std::string Unflowed(std::string_view text, bool delete_space) {
  std::string out;
  out.reserve(text.size());
  bool joins = false;  // the line before goes on in this one
  size_t depth_before = 0;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    const size_t depth = std::min(line.find_first_not_of('>'), line.size());
    line.remove_prefix(depth);
    if (line.starts_with(' ')) line.remove_prefix(1);  // space-stuffing
    const bool signature = line == "-- ";
    if (joins && depth == depth_before && !signature) {
      if (delete_space) out.pop_back();
    } else {
      if (joins) out += '\n';
      out.append(depth, '>');
      if (depth > 0) out += ' ';
    }
    out += line;
    joins = line.ends_with(' ') && !signature;
    depth_before = depth;
    if (!joins) out += '\n';
  }
  if (joins) out += '\n';
  return out;
}

WithoutPgp WithoutPgpBlocks(std::string text) {
  constexpr std::string_view kBegin = "-----BEGIN PGP ";
  WithoutPgp result;
  if (text.find(kBegin) == std::string_view::npos) {
    result.text = std::move(text);
    return result;
  }
  std::string_view rest = text;
  bool skipping = false;  // inside a block of base64
  bool header = false;    // of a signed text, up to an empty line
  bool is_signed = false;
  while (!rest.empty()) {
    std::string_view line = TakeLine(rest);
    if (line.starts_with(kBegin)) {
      const std::string_view kind = line.substr(kBegin.size());
      is_signed = header = kind.starts_with("SIGNED MESSAGE");
      skipping = !header;
      result.encrypted = result.encrypted || kind.starts_with("MESSAGE");
    } else if (line.starts_with("-----END PGP ")) {
      skipping = is_signed = false;
    } else if (header) {
      header = !IsBlankLine(line);
    } else if (!skipping) {
      if (is_signed && line.starts_with("- ")) line.remove_prefix(2);  // dash-escaped
      result.text += line;
      result.text += '\n';
    }
  }
  return result;
}

void AddPlainLinks(std::string_view text, size_t most, std::vector<MailLink>& links) {
  for (size_t at = text.find("://"); at != std::string_view::npos && links.size() < most; at = text.find("://", at)) {
    size_t begin = at;
    while (begin > 0 && IsAsciiLetter(text[begin - 1])) --begin;
    const std::string scheme = LowerAscii(text.substr(begin, at - begin));
    at += 3;
    if (scheme != "http" && scheme != "https" && scheme != "ftp") continue;
    size_t end = std::min(text.find_first_of(" \t\n<>\"", at), text.size());
    while (end > at && std::string_view(".,;:!?)]}'").find(text[end - 1]) != std::string_view::npos) --end;
    if (end == at) continue;
    const std::string_view address = text.substr(begin, end - begin);
    links.push_back({std::string(address), std::string(address)});
    at = end;
  }
}

}  // namespace winnow
