#include "mail/header_values.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/ascii.h"
#include "mail/charset.h"
#include "mail/encoded_words.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <typename T>
using GPointer = std::unique_ptr<T, Unref>;

void Init() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

std::string Of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

void AddParameters(GMimeParamList* list, ParameterizedValue& parsed) {
  if (list == nullptr) return;
  for (int i = 0; i < g_mime_param_list_length(list); ++i) {
    GMimeParam* const parameter = g_mime_param_list_get_parameter_at(list, i);
    parsed.parameters.emplace_back(LowerAscii(Of(g_mime_param_get_name(parameter))),
                                   Of(g_mime_param_get_value(parameter)));
  }
}

/// The placeholders of encoded words, which GMime takes for letters of a display name: characters for private use.
constexpr char32_t kFirstPlaceholder = 0xE000;
constexpr size_t kPlaceholders = 6400;

/// Replaces each run of encoded words by one placeholder, so that a decoded comma or bracket is not read as syntax.
std::string WithPlaceholders(std::string_view value, std::string_view fallback, std::vector<std::string>& words) {
  std::string out;
  for (const HeaderPiece& piece : HeaderPieces(value)) {
    if (!piece.encoded || words.size() == kPlaceholders) {
      out += piece.text;
      continue;
    }
    std::string problem;
    words.push_back(DecodeHeaderText(piece.text, fallback, problem));
    AppendUtf8(kFirstPlaceholder + static_cast<char32_t>(words.size() - 1), out);
  }
  return out;
}

std::string WithoutPlaceholders(const std::string& text, const std::vector<std::string>& words) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const char32_t c = NextCodePoint(text, i);
    if (c >= kFirstPlaceholder && c < kFirstPlaceholder + words.size()) {
      out += words[c - kFirstPlaceholder];
    } else {
      AppendUtf8(c, out);
    }
  }
  return out;
}

bool HasPrivateUse(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const char32_t c = NextCodePoint(text, i);
    if (c >= kFirstPlaceholder && c < kFirstPlaceholder + kPlaceholders) return true;
  }
  return false;
}

void AddMailboxes(InternetAddressList* list, size_t most, const std::vector<std::string>& words,
                  std::vector<MailAddress>& found) {
  const int length = internet_address_list_length(list);
  for (int i = 0; i < length && found.size() < most; ++i) {
    InternetAddress* const address = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_MAILBOX(address)) {
      found.push_back({WithoutPlaceholders(Of(internet_address_get_name(address)), words),
                       Of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address)))});
    } else if (INTERNET_ADDRESS_IS_GROUP(address)) {
      // Groups hold mailboxes alone (RFC 5322, 3.4); the parser was given none inside another.
      InternetAddressList* const members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address));
      for (int j = 0; j < internet_address_list_length(members) && found.size() < most; ++j) {
        InternetAddress* const member = internet_address_list_get_address(members, j);
        if (!INTERNET_ADDRESS_IS_MAILBOX(member)) continue;
        found.push_back({WithoutPlaceholders(Of(internet_address_get_name(member)), words),
                         Of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(member)))});
      }
    }
  }
}

/// What GMime makes nothing of, by the last pair of angle brackets or else the word with an @.
MailAddress Salvaged(std::string_view value) {
  MailAddress address;
  const size_t open = value.rfind('<');
  const size_t close = value.find('>', open == std::string_view::npos ? 0 : open);
  if (open != std::string_view::npos) {
    address.address = TrimAscii(value.substr(open + 1, close == std::string_view::npos ? close : close - open - 1));
    address.name = TrimAscii(value.substr(0, open));
    return address;
  }
  const size_t at = value.find('@');
  if (at == std::string_view::npos) {
    address.name = TrimAscii(value);
    return address;
  }
  const size_t begin = value.find_last_of(" \t", at) == std::string_view::npos ? 0 : value.find_last_of(" \t", at) + 1;
  const size_t end = std::min(value.find_first_of(" \t,;", at), value.size());
  address.address = value.substr(begin, end - begin);
  address.name = TrimAscii(value.substr(0, begin));
  return address;
}

}  // namespace

std::string_view ParameterizedValue::Find(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, [](const auto& parameter) { return std::string_view(parameter.first); });
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

ParameterizedValue ParseContentType(const std::string& value) {
  Init();
  const GPointer<GMimeContentType> type(g_mime_content_type_parse(nullptr, value.c_str()));
  ParameterizedValue parsed;
  parsed.value = LowerAscii(Of(g_mime_content_type_get_media_type(type.get())) + "/" +
                            Of(g_mime_content_type_get_media_subtype(type.get())));
  AddParameters(g_mime_content_type_get_parameters(type.get()), parsed);
  return parsed;
}

ParameterizedValue ParseContentDisposition(const std::string& value) {
  Init();
  ParameterizedValue parsed;
  const GPointer<GMimeContentDisposition> disposition(g_mime_content_disposition_parse(nullptr, value.c_str()));
  if (disposition == nullptr) return parsed;
  parsed.value = LowerAscii(Of(g_mime_content_disposition_get_disposition(disposition.get())));
  AddParameters(g_mime_content_disposition_get_parameters(disposition.get()), parsed);
  return parsed;
}

std::vector<MailAddress> ParseAddresses(std::string_view value, std::string_view fallback, size_t most) {
  Init();
  std::vector<MailAddress> found;
  std::string text = DecodeCharset(value, {}, fallback).text;
  std::vector<std::string> words;
  if (!HasPrivateUse(text)) text = WithPlaceholders(text, fallback, words);
  // GMime parses a group within a group by recursion; colons beyond the first few cannot be of groups of this kind.
  if (std::ranges::count(text, ':') <= 64) {
    const GPointer<InternetAddressList> list(internet_address_list_parse(nullptr, text.c_str()));
    if (list != nullptr) AddMailboxes(list.get(), most, words, found);
    // A word that is no address is the name that people see.
    for (MailAddress& address : found) {
      address.address = WithoutPlaceholders(address.address, words);
      if (address.name.empty() && address.address.find('@') == std::string::npos && found.size() == 1) {
        std::swap(address.name, address.address);
      }
    }
    if (!found.empty() || list != nullptr) return found;
  }
  if (TrimAscii(text).empty() || most == 0) return found;
  MailAddress address = Salvaged(text);
  address.name = WithoutPlaceholders(address.name, words);
  address.address = WithoutPlaceholders(address.address, words);
  if (!address.name.empty() || !address.address.empty()) found.push_back(std::move(address));
  return found;
}

std::string ParseDate(const std::string& value) {
  Init();
  GDateTime* const date = g_mime_utils_header_decode_date(value.c_str());
  if (date == nullptr) return {};
  std::string text;
  if (GDateTime* const utc = g_date_time_to_utc(date); utc != nullptr) {
    char* const formatted = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
    text = Of(formatted);
    g_free(formatted);
    g_date_time_unref(utc);
  }
  g_date_time_unref(date);
  return text;
}

}  // namespace winnow
