#include "forget/quotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/parse_number.h"
#include "data/encoding.h"
#include "data/gzip_reader.h"
#include "text/duplicate_key.h"
#include "text/utf8.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr size_t kShortestBeginning = 16;
constexpr size_t kWindow = size_t{4} << 20, kSniffed = size_t{64} << 10;
// Keys of records whose values are no texts, whatever they are: without them a record is none.
constexpr std::array<std::string_view, 9> kNoTexts = {"id",    "kind", "state", "type", "level",
                                                      "label", "name", "model", "work"};
constexpr std::string_view kActor = "--actor=";  // an argument of a job
constexpr size_t kMostEscaped = 8;               // bytes that one byte of a text takes at most: \u0061, &#x61;

bool Contains(std::string_view text, const std::vector<std::string>& parts) {
  return std::ranges::any_of(parts, [&](const std::string& part) { return text.find(part) != text.npos; });
}

/// What strings of JSON, TOML and other languages mean, wherever they begin and end: \" is ", \n is white space.
std::string WithoutBackslashes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  char32_t high = 0;  // the first half of a pair
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    const char c = text[++i];
    const auto code = c == 'u' && i + 4 < text.size() ? ParseNumber<uint32_t>(text.substr(i + 1, 4), 16) : std::nullopt;
    if (code) {
      i += 4;
      if (*code >= 0xD800 && *code < 0xDC00) {
        high = *code;
      } else if (*code >= 0xDC00 && *code < 0xE000) {
        if (high != 0) AppendUtf8(0x10000 + ((high - 0xD800) << 10) + (*code - 0xDC00), plain);
        high = 0;
      } else {
        AppendUtf8(*code, plain);
      }
    } else {
      plain += std::string_view("ntrfb").find(c) != std::string_view::npos ? ' ' : c;
    }
  }
  return plain;
}

/// What a text of HTML means.
std::string WithoutEntities(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNamed = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  constexpr size_t kLongest = 8;
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t length = text[i] == '&' ? text.substr(i, kLongest + 1).find(';') : std::string_view::npos;
    if (length == std::string_view::npos) {
      plain += text[i];
      continue;
    }
    const size_t end = i + length;
    const std::string_view name = text.substr(i + 1, end - i - 1);
    const auto named = std::ranges::find(kNamed, name, &std::pair<std::string_view, char>::first);
    std::optional<char32_t> code;
    if (name.starts_with("#x") || name.starts_with("#X"))
      code = ParseNumber<uint32_t>(name.substr(2), 16);
    else if (name.starts_with('#'))
      code = ParseNumber<uint32_t>(name.substr(1), 10);
    if (code && (*code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000))) code.reset();
    if (named == kNamed.end() && !code) {
      plain += text[i];
      continue;
    }
    if (code)
      AppendUtf8(*code, plain);
    else
      plain += named->second;
    i = end;
  }
  return plain;
}

/// What cells of tables with quotes mean.
std::string WithoutDoubledQuotes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') ++i;
  }
  return plain;
}

/// Returns the end of a string of JSON that begins at `begin` with its quote: the place behind the last one. npos: it
/// has no end.
size_t EndOfString(std::string_view json, size_t begin) {
  for (size_t i = begin + 1; i < json.size(); ++i) {
    if (json[i] == '\\')
      ++i;
    else if (json[i] == '"')
      return i + 1;
    else if (json[i] == '\n')
      return std::string_view::npos;
  }
  return std::string_view::npos;
}

bool Has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Returns true if a string of JSON, a key or the value of one, is a text that goes, or has one in it.
bool Quotes(const std::string& text, bool is_key, const std::string& key, const Quoted& quoted) {
  if (text.size() < TextFinder::kShortest || std::ranges::find(kNoTexts, key) != kNoTexts.end()) return false;
  return quoted.finder.QuotedIn(text) || (!is_key && quoted.texts.Contains(text));
}

}  // namespace

TextFinder::TextFinder(const std::vector<std::string>& texts, size_t shortest) {
  for (const std::string& text : texts) {
    std::string key = DuplicateKey(WholeText(text));
    if (key.empty() || key.size() < shortest) continue;
    longest_ = std::max({longest_, text.size(), key.size()});
    const std::string quoted = Json(text).dump();
    raw_.push_back(text);
    raw_.push_back(quoted.substr(1, quoted.size() - 2));
    keys_.push_back(std::move(key));
  }
}

bool TextFinder::In(std::string_view contents) const {
  return !keys_.empty() && Contains(DuplicateKey(WholeText(contents)), keys_);
}

bool TextFinder::QuotedIn(std::string_view text) const {
  if (keys_.empty()) return false;
  const std::string key = DuplicateKey(WholeText(text));
  if (Contains(key, keys_)) return true;
  constexpr std::string_view kMore = "...";  // that of one character is among those that FoldCase composes
  if (!key.ends_with(kMore)) return false;
  std::string_view beginning = std::string_view(key).substr(0, key.size() - kMore.size());
  while (beginning.ends_with(' ')) beginning.remove_suffix(1);
  return beginning.size() >= kShortestBeginning &&
         std::ranges::any_of(keys_, [&](const std::string& each) { return each.starts_with(beginning); });
}

bool TextFinder::InWindow(std::string_view window) const {
  if (window.find('\0') != std::string_view::npos) return Contains(window, raw_);
  if (In(window)) return true;
  const bool backslashes = window.find('\\') != std::string_view::npos;
  if (backslashes && In(WithoutBackslashes(window))) return true;
  if (window.find('&') != std::string_view::npos && In(WithoutEntities(window))) return true;
  return window.find("\"\"") != std::string_view::npos && In(WithoutDoubledQuotes(window));
}

Result<bool> TextFinder::InFile(const fs::path& file) const {
  if (keys_.empty()) return false;
  std::error_code error;
  if (fs::file_size(file, error) == 0) return false;
  GzipReader reader = TRY(GzipReader::Open(file));
  const size_t overlap = std::min(longest_ * kMostEscaped + 64, kWindow);
  std::string bytes(kWindow, '\0'), window;
  std::optional<Utf8Decoder> decoder;  // none for what is no text
  for (bool first = true;; first = false) {
    bytes.resize(kWindow);
    const Result<size_t> read = reader.Read(bytes.data(), bytes.size());
    if (!read && read.error().code != ErrorCode::kInvalidData) return std::unexpected(read.error());
    // What a damaged gzip file has behind the damage is read by nobody.
    bytes.resize(read ? *read : 0);
    const bool last = bytes.size() < kWindow;
    if (first) {
      const Sniffed sniffed = SniffEncoding(std::string_view(bytes).substr(0, kSniffed));
      if (sniffed.problem.empty()) decoder.emplace(sniffed.encoding);
    }
    if (decoder) {
      decoder->Append(bytes, last, window);
    } else {
      window += bytes;
    }
    if (decoder ? InWindow(window) : Contains(window, raw_)) return true;
    if (last) return false;
    window.erase(0, window.size() - std::min(window.size(), overlap));
  }
}

std::string WithoutQuotations(std::string_view json, const Quoted& quoted, size_t& replaced) {
  replaced = 0;
  std::string changed, key;
  size_t done = 0;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '"') continue;
    const size_t end = EndOfString(json, i);
    if (end == std::string_view::npos) {
      // A string that was cut off: no later quote before the end of the line has an end either.
      i = std::min(json.find('\n', i), json.size() - 1);
      continue;
    }
    const Result<Json> value = ParseJson(json.substr(i, end - i), "string");
    const std::string text = value && value->is_string() ? value->str() : std::string();
    const size_t next = std::min(json.find_first_not_of(" \t\r\n", end), json.size());
    const bool is_key = next < json.size() && json[next] == ':';
    const bool text_goes = Quotes(text, is_key, key, quoted);
    const bool named = !is_key && Has(quoted.names, text) && Has(quoted.of_keys, key);
    const bool actor = text.starts_with(kActor) && Has(quoted.names, text.substr(kActor.size()));
    if (text_goes || named || actor) {
      changed += json.substr(done, i - done);
      changed += fmt::format("\"{}{}\"", actor ? kActor : "", kForgottenWord);
      done = end;
      ++replaced;
    }
    key = is_key ? text : std::string();
    i = end - 1;
  }
  changed += json.substr(done);
  return changed;
}

}  // namespace winnow
