/// What is to be removed from a store, and what was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow {

struct ForgetSelection {
  /// Rows with one of these texts, which are compared by their DuplicateKey.
  std::vector<std::string> texts = {};
  /// Rows of the history whose text was redacted and now is one of these.
  std::vector<std::string> redacted_texts = {};
  std::vector<std::string> message_ids = {};  ///< rows about these messages
  std::vector<std::string> users = {};        ///< all that the store has of these users
  std::vector<std::string> campaign_digests = {};

  bool empty() const { return texts.empty() && message_ids.empty() && users.empty(); }
};

/// Numbers of rows.
struct ForgottenRows {
  int64_t feedback = 0, idempotency_keys = 0, messages = 0, verdict_samples = 0;
  int64_t blind_labels = 0;  ///< blind labels that a user had given; the message waits for another one
  int64_t reputation = 0, preferences = 0, campaign_uses = 0;
  int64_t experiments = 0;    ///< users, reports and messages of experiments
  int64_t audit_entries = 0;  ///< entries that were rewritten without what was forgotten
  /// The texts of feedback and of drawn verdicts of the users that no other feedback has, each once.
  std::vector<std::string> user_texts = {};

  int64_t total() const {
    return feedback + idempotency_keys + messages + verdict_samples + blind_labels + reputation + preferences +
           campaign_uses + experiments + audit_entries;
  }
  void Add(const ForgottenRows& other);
};

}  // namespace winnow
