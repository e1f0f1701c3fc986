/// Senders: their normal form, and what the store's scores say about them.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/records.h"

namespace winnow {

/// Kinds of reputation that the filter uses (ReputationKey::kind).
inline constexpr std::string_view kAllowKind = "allow";
inline constexpr std::string_view kDenyKind = "deny";
inline constexpr std::string_view kScoreKind = "score";

/// Returns the name under which a sender is stored: a mail address in lower case without its display name ("Joe
/// <Joe@Example.COM>" -> "joe@example.com"), a telephone number without separators ("+49 30-123" -> "+4930123"), any
/// other name without spaces around it, in lower case. Internationalized domains have their letters in place of
/// "xn--". Of an address that cannot be stored, since it has more than 320 bytes or is not valid UTF-8, it is the
/// domain, "@example.com"; an empty text if that cannot be stored either.
std::string NormalSender(std::string_view sender);

/// Returns "@example.com" for "joe@example.com", and an empty text for a sender that is not a mail address.
std::string DomainOfSender(std::string_view normal_sender);

/// What is known about the sender of a message to a user.
struct SenderReputation {
  enum class List { kNone, kAllowed, kDenied };
  List list = List::kNone;
  bool by_user = false;  ///< whether the user has listed the sender, as opposed to an administrator for all users
  double user_score = 0, common_score = 0;  ///< learnt from the user's feedback, and from that for all users

  double score() const { return user_score + common_score; }
};

/// Returns the reputation of a sender according to the store's records of the sender and of its domain. Entries of the
/// user precede those for all users, those of the sender precede those of its domain, and of two entries with equal
/// rank the one that denies counts. Entries with a score of 0 or less are not on a list. A score has halved in every
/// `half_life` since its last change; the scores of a domain are not used, since its users differ.
SenderReputation ReputationOf(std::span<const StoredReputation> records, std::string_view sender, StoreTime now,
                              std::chrono::milliseconds half_life);

}  // namespace winnow
