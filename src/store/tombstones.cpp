#include "store/tombstones.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hexadecimal.h"
#include "base/secret.h"
#include "store/store_state.h"
#include "text/duplicate_key.h"

namespace winnow {
namespace {

std::string_view NameOf(ForgottenKind kind) {
  switch (kind) {
    case ForgottenKind::kText:
      return "text";
    case ForgottenKind::kUser:
      return "user";
    case ForgottenKind::kMessage:
      return "message";
    case ForgottenKind::kEvent:
      break;
  }
  return "event";
}

TombstoneQuery QueryForParts(std::string_view key, std::string_view text, const std::optional<std::string>& user,
                             const std::optional<std::string>& message, StoreTime at) {
  TombstoneQuery query;
  if (!text.empty()) query.contents.push_back(TombstoneDigest(key, ForgottenKind::kText, text));
  if (user && !user->empty()) query.contents.push_back(TombstoneDigest(key, ForgottenKind::kUser, *user));
  if (message && !message->empty()) query.contents.push_back(TombstoneDigest(key, ForgottenKind::kMessage, *message));
  query.at = OrNow(at);
  return query;
}

}  // namespace

std::string TombstoneDigest(std::string_view key, ForgottenKind kind, std::string_view value) {
  const std::string text = kind == ForgottenKind::kText ? DuplicateKey(StorableText(value)) : std::string(value);
  return Hexadecimal(HmacSha256(key, fmt::format("{}\n{}", NameOf(kind), text)));
}

TombstoneQuery QueryOf(std::string_view key, const FeedbackEvent& event) {
  TombstoneQuery query = QueryForParts(key, event.text, event.user_id, event.message_id, event.created_at);
  query.event = TombstoneDigest(key, ForgottenKind::kEvent, event.idempotency_key);
  return query;
}

TombstoneQuery QueryOf(std::string_view key, const MessageRecord& message) {
  return QueryForParts(key, message.text, message.user_id, message.message_id, message.created_at);
}

TombstoneQuery QueryOf(std::string_view key, const VerdictSample& sample) {
  return QueryForParts(key, sample.text, sample.user_id, sample.message_id, sample.created_at);
}

bool Tombstones::Add(const Tombstone& tombstone) {
  last_id_ = std::max(last_id_, tombstone.id);
  const auto [place, added] = known_.try_emplace(tombstone.digest, tombstone.id, tombstone.forgotten_at);
  if (added) return true;
  Known& known = place->second;
  if (tombstone.id <= known.id) return false;
  known = {tombstone.id, std::max(known.forgotten_at, tombstone.forgotten_at)};
  return true;
}

bool Tombstones::Covers(const TombstoneQuery& query) const {
  if (query.event && known_.contains(*query.event)) return true;
  return std::ranges::any_of(query.contents, [&](const std::string& digest) {
    const auto found = known_.find(digest);
    return found != known_.end() && query.at <= found->second.forgotten_at;
  });
}

SqlResult<TombstoneCheck> TombstoneCheck::Begin(SqlConnection& connection) {
  const SqlRows rows = TRY(connection.Run("SELECT value FROM secrets WHERE name = 'tombstones'"));
  return TombstoneCheck(connection, rows.rows.empty() ? std::string() : rows.rows[0].Text(0));
}

SqlResult<bool> TombstoneCheck::Find(const TombstoneQuery& query) const {
  if (query.event) {
    const SqlRows rows = TRY(connection_->Run("SELECT 1 FROM forgotten WHERE digest = $1", {*query.event}));
    if (!rows.rows.empty()) return true;
  }
  for (const std::string& digest : query.contents) {
    const SqlRows rows = TRY(connection_->Run("SELECT 1 FROM forgotten WHERE digest = $1 AND forgotten_at >= $2",
                                              {digest, TimeText(query.at)}));
    if (!rows.rows.empty()) return true;
  }
  return false;
}

SqlResult<bool> TombstoneCheck::CoversUser(std::string_view user, StoreTime at) const {
  if (key_.empty() || user.empty()) return false;
  TombstoneQuery query{.at = at};
  query.contents.push_back(TombstoneDigest(key_, ForgottenKind::kUser, user));
  return Find(query);
}

}  // namespace winnow
