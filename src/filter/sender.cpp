#include "filter/sender.h"

#include <algorithm>
#include <cmath>

#include "base/ascii.h"
#include "filter/domain_name.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMostSenderBytes = 320;  // the longest mail address: 64 + 1 + 255 bytes (RFC 5321, 4.5.3.1)

constexpr size_t kMostDomainBytes = 1 + 255;

/// Returns the digits of a telephone number, or nothing for other texts.
std::optional<std::string> TelephoneNumber(std::string_view text) {
  std::string number;
  for (const char c : text) {
    if (IsAsciiDigit(c) || (c == '+' && number.empty())) {
      number += c;
    } else if (c != ' ' && c != '-' && c != '(' && c != ')' && c != '/' && c != '.') {
      return std::nullopt;
    }
  }
  if (std::ranges::none_of(number, [](char c) { return IsAsciiDigit(c); })) return std::nullopt;
  return number;
}

/// An address without the dot of the root and spaces at its end; other names as they are.
std::string_view WithoutRoot(std::string_view sender) {
  if (sender.find('@') == std::string_view::npos) return sender;
  while (sender.ends_with('.')) {
    while (sender.ends_with('.')) sender.remove_suffix(1);
    sender = TrimSpaceAndControl(sender);
  }
  return sender;
}

bool IsValidText(std::string_view text) { return IsUtf8(text) && text.find('\0') == std::string_view::npos; }

double Decayed(const Reputation& reputation, StoreTime now, std::chrono::milliseconds half_life) {
  if (half_life.count() <= 0) return reputation.score;
  const std::chrono::duration<double, std::milli> age = now - reputation.updated_at;
  return reputation.score * std::exp2(-std::max(0.0, age.count()) / static_cast<double>(half_life.count()));
}

}  // namespace

std::string NormalSender(std::string_view sender) {
  sender = WithoutRoot(TrimSpaceAndControl(sender));
  const size_t open = sender.rfind('<');
  if (open != std::string_view::npos && sender.ends_with('>')) {
    sender = WithoutRoot(TrimSpaceAndControl(sender.substr(open + 1, sender.size() - open - 2)));
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
