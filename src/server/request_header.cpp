#include "server/request_header.h"

#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "server/header_values.h"
#include "server/host_name.h"

namespace winnow {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";

ApiError Invalid(std::string message, int status = 400) { return {.status = status, .message = std::move(message)}; }

/// A character of a token (RFC 9110, section 5.6.2).
bool IsTokenCharacter(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return IsAsciiAlphanumeric(c) || kOthers.contains(c);
}

bool IsToken(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsTokenCharacter); }

/// A character of a field value: visible, a blank, or a byte above ASCII (RFC 9110, section 5.5).
bool IsValueCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

/// Method, one space, a target of visible ASCII characters, one space, version.
std::optional<ApiError> RequestLineError(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Invalid("the request line is not valid");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const bool visible = std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~'; });
  if (!IsToken(line.substr(0, first)) || target.empty() || !visible) return Invalid("the request line is not valid");
  const bool form = target.front() == '/' || target == "*" || target.contains("://");
  if (!form) return Invalid("the target of the request must be a path or a URL");
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return std::nullopt;
  const bool other = version.starts_with("HTTP/") && version.size() == 8 && IsAsciiDigit(version[5]) &&
                     version[6] == '.' && IsAsciiDigit(version[7]);
  if (other) return Invalid("only HTTP/1.0 and HTTP/1.1 are supported", 505);
  return Invalid("the request line is not valid");
}

/// The fields that say whom a request is for and where it ends.
class FramingFields {
 public:
  std::optional<ApiError> Add(std::string_view name, std::string_view value) {
    if (EqualsIgnoringCase(name, "host")) return AddHost(value);
    if (EqualsIgnoringCase(name, "content-length")) return AddLength(value);
    if (EqualsIgnoringCase(name, "transfer-encoding")) return AddCoding(value);
    return std::nullopt;
  }

  std::optional<ApiError> Error(bool version_1_0) const {
    if (hosts_ == 0 && !version_1_0) return Invalid("a request must have exactly one Host header");
    if (codings_ > 0 && version_1_0) return Invalid("HTTP/1.0 has no Transfer-Encoding");
    if (codings_ > 0 && lengths_ > 0) return Invalid("Content-Length and Transfer-Encoding exclude each other");
    return std::nullopt;
  }

 private:
  std::optional<ApiError> AddHost(std::string_view value) {
    if (++hosts_ > 1) return Invalid("a request must have exactly one Host header");
    if (!ParseHost(value)) return Invalid("the Host header is not a valid host name or address");
    return std::nullopt;
  }

  std::optional<ApiError> AddLength(std::string_view value) {
    constexpr size_t kMostDigits = 18;  // fits 64 bits
    if (++lengths_ > 1) return Invalid("a request must not have more than one Content-Length header");
    if (value.empty() || value.size() > kMostDigits || !AreAsciiDigits(value)) {
      return Invalid("Content-Length must be a number of bytes");
    }
    return std::nullopt;
  }

  std::optional<ApiError> AddCoding(std::string_view value) {
    if (++codings_ > 1) return Invalid("a request must not have more than one Transfer-Encoding header");
    if (!EqualsIgnoringCase(value, "chunked")) return Invalid("Transfer-Encoding: only chunked is supported", 501);
    return std::nullopt;
  }

  int hosts_ = 0, lengths_ = 0, codings_ = 0;
};

std::optional<ApiError> FieldError(std::string_view line, FramingFields& framing) {
  if (line.front() == ' ' || line.front() == '\t') return Invalid("a header must not be folded over several lines");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
    return Invalid("a header line must be a name, a colon and a value");
  }
  const std::string_view value = TrimmedValue(line.substr(colon + 1));
  if (!std::ranges::all_of(value, IsValueCharacter)) return Invalid("a header must not contain control characters");
  return framing.Add(line.substr(0, colon), value);
}

std::optional<ApiError> FieldsError(std::string_view lines, FramingFields& framing) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find(kLineEnd));
    if (auto error =
            line.empty() ? Invalid("a header line must be a name, a colon and a value") : FieldError(line, framing)) {
      return error;
    }
    lines.remove_prefix(std::min(lines.size(), line.size() + kLineEnd.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<size_t> HeaderLength(std::string_view bytes) {
  const size_t end = bytes.find(kHeaderEnd);
  return end == std::string_view::npos ? std::nullopt : std::optional(end + kHeaderEnd.size());
}

std::optional<ApiError> PartialHeaderError(std::string_view bytes) {
  if (!std::ranges::all_of(bytes.substr(0, bytes.find_first_of(" \r\n")), IsTokenCharacter)) {
    return Invalid("the request line is not valid");
  }
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return Invalid("a line of the header must end with CR LF");
  }
  return std::nullopt;
}

std::optional<ApiError> HeaderError(std::string_view header) {
  if (auto error = PartialHeaderError(header)) return error;
  header.remove_suffix(std::min(header.size(), kLineEnd.size()));  // of the empty line
  const size_t end = header.find(kLineEnd);
  const std::string_view request_line = header.substr(0, end);
  if (auto error = RequestLineError(request_line)) return error;
  header.remove_prefix(std::min(header.size(), request_line.size() + kLineEnd.size()));
  FramingFields framing;
  if (auto error = FieldsError(header, framing)) return error;
  return framing.Error(request_line.ends_with("1.0"));
}

std::optional<ApiError> TrailersError(std::string_view trailers) {
  FramingFields unused;
  return FieldsError(trailers, unused);
}

}  // namespace winnow
