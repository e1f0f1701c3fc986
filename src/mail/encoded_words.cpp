#include "mail/encoded_words.h"

#include <string>

#include "base/ascii.h"
#include "mail/charset.h"
#include "mail/header_values.h"
#include "mail/transfer_encoding.h"

namespace winnow {
namespace {

struct EncodedWord {
  std::string_view charset;
  bool base64 = false;
  std::string_view text;
  size_t end = 0;
};

/// Reads the encoded word at the beginning of `value`; a word without an end gives one whose `end` is 0. Spaces inside
/// are accepted, as mail programs do.
EncodedWord WordAt(std::string_view value) {
  EncodedWord word;
  constexpr size_t kLongestCharset = 60;  // bounds, so that looking at every "=?" stays linear
  if (!value.starts_with("=?")) return word;
  const size_t charset_end = value.substr(0, kLongestCharset).find('?', 2);
  if (charset_end == std::string_view::npos || charset_end == 2 || charset_end + 2 >= value.size() ||
      value[charset_end + 2] != '?') {
    return word;
  }
  const char encoding = LowerAscii(value[charset_end + 1]);
  if (encoding != 'q' && encoding != 'b') return word;
  const size_t begin = charset_end + 3;
  constexpr size_t kLongestText = 1000;
  const size_t end = value.substr(0, begin + kLongestText).find("?=", begin);
  if (end == std::string_view::npos) return word;
  word.charset = value.substr(2, charset_end - 2);
  word.base64 = encoding == 'b';
  word.text = value.substr(begin, end - begin);
  word.end = end + 2;
  return word;
}

/// The text of a run of encoded words. Neighbours of one charset are decoded together, since a character may lie in
/// two of them, and neighbours in base64 as one text, since a byte may.
std::string DecodeRun(std::string_view run, std::string_view fallback, std::string& problem) {
  std::string text;
  std::string base64;
  std::string bytes;
  std::string_view charset;
  size_t strange = 0;
  const auto flush_base64 = [&] {
    bytes += DecodeBase64(base64, base64.size(), strange);
    base64.clear();
  };
  const auto flush = [&] {
    flush_base64();
    DecodedText decoded = DecodeCharset(bytes, charset, fallback);
    if (!decoded.problem.empty()) problem = decoded.problem;
    text += decoded.text;
    bytes.clear();
  };
  while (!run.empty()) {
    const EncodedWord word = WordAt(run);
    if (word.end == 0) {
      run.remove_prefix(1);  // white space between words
      continue;
    }
    if (LowerAscii(word.charset) != LowerAscii(charset)) flush();
    charset = word.charset;
    if (word.base64) {
      base64 += word.text;
    } else {
      flush_base64();
      bytes += DecodeQ(word.text, strange);
    }
    run.remove_prefix(word.end);
  }
  flush();
  return text;
}

}  // namespace

std::vector<HeaderPiece> HeaderPieces(std::string_view value) {
  std::vector<HeaderPiece> pieces;
  size_t plain = 0;  // where the text before the next word begins
  for (size_t i = value.find("=?"); i != std::string_view::npos; i = value.find("=?", i)) {
    EncodedWord word = WordAt(value.substr(i));
    if (word.end == 0) {
      i += 2;
      continue;
    }
    size_t end = i + word.end;
    for (size_t next = end; next < value.size();) {
      while (next < value.size() && IsMimeSpace(value[next])) ++next;
      word = WordAt(value.substr(next));
      if (word.end == 0) break;
      next = end = next + word.end;
    }
    if (i > plain) pieces.push_back({false, value.substr(plain, i - plain)});
    pieces.push_back({true, value.substr(i, end - i)});
    plain = i = end;
  }
  if (plain < value.size()) pieces.push_back({false, value.substr(plain)});
  return pieces;
}

std::string DecodeHeaderText(std::string_view value, std::string_view fallback, std::string& problem) {
  std::string text;
  for (const HeaderPiece& piece : HeaderPieces(value)) {
    if (piece.encoded) {
      text += DecodeRun(piece.text, fallback, problem);
      continue;
    }
    DecodedText decoded = DecodeCharset(piece.text, {}, fallback);
    if (!decoded.problem.empty()) problem = decoded.problem;
    text += decoded.text;
  }
  // A line end that was encoded, or that a broken folding left, would begin another header field.
  for (char& c : text) {
    if (c == '\r' || c == '\n' || c == '\t') c = ' ';
  }
  while (!text.empty() && IsMimeSpace(text.back())) text.pop_back();
  const size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string() : text.substr(begin);
}

}  // namespace winnow
