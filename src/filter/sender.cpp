#include "filter/sender.h"

#include <algorithm>
#include <cmath>

#include "base/ascii.h"
#include "text/simple_fold.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMostSenderBytes = 320;  // the longest mail address: 64 + 1 + 255 bytes (RFC 5321, 4.5.3.1)

constexpr size_t kMostDomainBytes = 1 + 255;

bool IsDigitOf(char c) { return c >= '0' && c <= '9'; }

std::string_view WithoutSpaces(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

/// Returns the digits of a telephone number, or nothing for other texts.
std::optional<std::string> TelephoneNumber(std::string_view text) {
  std::string number;
  for (const char c : text) {
    if (IsDigitOf(c) || (c == '+' && number.empty())) {
      number += c;
    } else if (c != ' ' && c != '-' && c != '(' && c != ')' && c != '/' && c != '.') {
      return std::nullopt;
    }
  }
  if (std::ranges::none_of(number, IsDigitOf)) return std::nullopt;
  return number;
}

bool IsOfHostName(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/// An address without the dot of the root and spaces at its end; other names as they are.
std::string_view WithoutRoot(std::string_view sender) {
  if (sender.find('@') == std::string_view::npos) return sender;
  while (sender.ends_with('.')) {
    while (sender.ends_with('.')) sender.remove_suffix(1);
    sender = WithoutSpaces(sender);
  }
  return sender;
}

/// Returns the label of a host name that "xn--" and `code` stand for (RFC 3492, 6.2); nothing if it is none.
std::optional<std::string> DecodedLabel(std::string_view code) {
  constexpr uint32_t kBase = 36, kLeast = 1, kMost = 26, kSkew = 38, kDamp = 700, kLastCodePoint = 0x10FFFF;
  const size_t delimiter = code.rfind('-');
  std::u32string label;
  if (delimiter != std::string_view::npos) label.assign(code.begin(), code.begin() + static_cast<ptrdiff_t>(delimiter));
  code.remove_prefix(delimiter == std::string_view::npos ? 0 : delimiter + 1);
  // Host names have no other characters of ASCII, and what has those alone has no other form.
  if (code.empty() || !std::ranges::all_of(label, IsOfHostName)) return std::nullopt;
  uint64_t point = 0x80, position = 0;
  uint32_t bias = 72;
  while (!code.empty()) {
    const uint64_t before = position;
    uint64_t weight = 1;
    for (uint32_t k = kBase;; k += kBase) {
      if (code.empty()) return std::nullopt;
      const char c = LowerAscii(code.front());
      code.remove_prefix(1);
      const bool letter = c >= 'a' && c <= 'z';
      if (!letter && !IsDigitOf(c)) return std::nullopt;
      const auto digit = static_cast<uint32_t>(letter ? c - 'a' : c - '0' + 26);
      position += digit * weight;
      const uint32_t least = k <= bias ? kLeast : std::min(k - bias, kMost);
      if (digit < least) break;
      weight *= kBase - least;
      if (position > kLastCodePoint * uint64_t{64} || weight > kLastCodePoint * uint64_t{64}) return std::nullopt;
    }
    const uint64_t count = label.size() + 1;
    uint64_t delta = (position - before) / (before == 0 ? kDamp : 2);
    delta += delta / count;
    for (bias = 0; delta > (kBase - kLeast) * kMost / 2; bias += kBase) delta /= kBase - kLeast;
    bias += static_cast<uint32_t>((kBase - kLeast + 1) * delta / (delta + kSkew));
    point += position / count;
    position %= count;
    if (point > kLastCodePoint || (point >= 0xD800 && point < 0xE000)) return std::nullopt;
    label.insert(label.begin() + static_cast<ptrdiff_t>(position++), static_cast<char32_t>(point));
  }
  std::string text;
  for (const char32_t c : label) AppendUtf8(c, text);
  return text;
}

/// Returns a domain in small letters of all scripts and with the letters that "xn--" stands for: mail may have either
/// form.
std::string NormalDomain(std::string_view domain) {
  std::string normal;
  while (true) {
    const std::string_view label = domain.substr(0, domain.find('.'));
    const bool encoded = LowerAscii(label.substr(0, 4)) == "xn--";
    const std::optional<std::string> decoded = encoded ? DecodedLabel(label.substr(4)) : std::nullopt;
    normal += decoded ? *decoded : std::string(label);
    if (label.size() == domain.size()) return SimpleFold(normal);
    normal += '.';
    domain.remove_prefix(label.size() + 1);
  }
}

bool IsValidText(std::string_view text) {
  std::string valid;
  for (size_t i = 0; i < text.size();) AppendUtf8(NextCodePoint(text, i), valid);
  return valid == text && text.find('\0') == std::string_view::npos;
}

double Decayed(const Reputation& reputation, StoreTime now, std::chrono::milliseconds half_life) {
  if (half_life.count() <= 0) return reputation.score;
  const std::chrono::duration<double, std::milli> age = now - reputation.updated_at;
  return reputation.score * std::exp2(-std::max(0.0, age.count()) / static_cast<double>(half_life.count()));
}

}  // namespace

std::string NormalSender(std::string_view sender) {
  sender = WithoutRoot(WithoutSpaces(sender));
  const size_t open = sender.rfind('<');
  if (open != std::string_view::npos && sender.ends_with('>')) {
    sender = WithoutRoot(WithoutSpaces(sender.substr(open + 1, sender.size() - open - 2)));
  }
  if (sender.size() > kMostSenderBytes || !IsValidText(sender)) {
    // What stands before the domain is up to whoever sends the message, and must not hide the domain.
    sender = sender.substr(std::min(sender.rfind('@'), sender.size()));
    if (sender.size() < 2 || sender.size() > kMostDomainBytes || !IsValidText(sender)) return {};
  }
  if (std::optional<std::string> number = TelephoneNumber(sender)) return *std::move(number);
  const size_t at = sender.rfind('@');
  if (at == std::string_view::npos) return LowerAscii(sender);
  std::string normal = LowerAscii(sender.substr(0, at + 1)) + NormalDomain(sender.substr(at + 1));
  return normal.size() <= kMostSenderBytes ? normal : LowerAscii(sender);
}

std::string DomainOfSender(std::string_view normal_sender) {
  const size_t at = normal_sender.rfind('@');
  if (at == std::string_view::npos || at + 1 == normal_sender.size() || at == 0) return {};
  return std::string(normal_sender.substr(at));
}

SenderReputation ReputationOf(std::span<const StoredReputation> records, std::string_view sender, StoreTime now,
                              std::chrono::milliseconds half_life) {
  SenderReputation result;
  int best = -1;
  for (const StoredReputation& record : records) {
    const bool of_sender = record.key.sender == sender, of_user = !record.key.user_id.empty();
    if (record.key.kind == kScoreKind) {
      if (of_sender) (of_user ? result.user_score : result.common_score) += Decayed(record.reputation, now, half_life);
      continue;
    }
    const bool denies = record.key.kind == kDenyKind;
    if ((!denies && record.key.kind != kAllowKind) || !(record.reputation.score > 0)) continue;
    const int rank = 4 * int{of_user} + 2 * int{of_sender} + int{denies};
    if (rank <= best) continue;
    best = rank;
    result.list = denies ? SenderReputation::List::kDenied : SenderReputation::List::kAllowed;
    result.by_user = of_user;
  }
  return result;
}

}  // namespace winnow
