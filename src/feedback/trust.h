/// Whose reports count for others. A user's weight is the lower 10 % quantile of Beta(1 + agreed, 1 + disagreed), where
/// the counts are those of the user's reports that agree and disagree with what is known about their messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "feedback/feedback_caps.h"
#include "feedback/feedback_state.h"

namespace winnow {

struct TrustOptions {
  /// Least weight of a trusted user. Six reports that agree and none that disagrees give .72; one that disagrees among
  /// seven gives .59.
  double trusted_weight = 0.7;
  int agreeing_users = 3;  ///< number of trusted users who agree without contradiction and so decide about a message
  FeedbackCaps::Limits caps = {};
};

struct UserTrust {
  int agreed = 0, disagreed = 0;
  double weight = 0;
};

/// The trust of all users. Immutable; thread-safe.
class TrustTable {
 public:
  TrustTable(std::map<std::string, UserTrust> users, double trusted_weight);

  /// Returns the weight of a user; that of a new account, .1, if nothing is known.
  double WeightOf(const std::string& user) const;
  /// Returns the trusted users in alphabetical order.
  std::vector<std::string> TrustedUsers() const;
  const std::map<std::string, UserTrust>& users() const { return users_; }

 private:
  std::map<std::string, UserTrust> users_;
  double trusted_weight_;
};

/// Computes the trust of all users from the last words about each message, never from the way to them. What is known
/// about a message is, in this order: a blind label (`labels`, by text), the last word of an administrator, and what
/// several trusted users other than the user in question agree on; each of the message or of a near-duplicate, so that
/// personal details in a campaign do not hide who has reported what.
TrustTable ComputeTrust(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels,
                        const TrustOptions& options = {});

/// A report of a user, by numbers of users, groups of near-duplicates and labels.
struct TrustReport {
  uint32_t user = 0, group = 0, label = 0;
};

/// What is known about groups without the reports of users.
class TrustKnowledge {
 public:
  /// Adds a blind label. A group whose blind labels differ has none, and no administrator decides about it.
  void AddLabel(uint32_t group, uint32_t label);
  /// Adds the last word of an administrator, once all blind labels are added.
  void AddAdminWord(uint32_t group, uint32_t label);
  std::optional<uint32_t> LabelOf(uint32_t group) const;

 private:
  struct Known {
    uint32_t label = 0;
    bool mixed = false;
  };
  std::unordered_map<uint32_t, Known> groups_;
};

/// Computes the trust of `users` users from reports within the caps in the order of time, of which the first one of
/// each user about a group counts. Returns nothing for users without reports. What ComputeTrust and TrustState
/// (feedback/trust_state.h) have in common.
std::vector<std::optional<UserTrust>> JudgeReports(std::vector<TrustReport> reports, const TrustKnowledge& known,
                                                   size_t users, const TrustOptions& options);

}  // namespace winnow
