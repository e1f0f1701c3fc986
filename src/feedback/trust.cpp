#include "feedback/trust.h"

#include <algorithm>
#include <tuple>

#include "base/sip_hash.h"
#include "feedback/beta_quantile.h"

namespace winnow {
namespace {

constexpr double kQuantile = 0.1;

double Weight(int agreed, int disagreed) { return BetaQuantile(1 + agreed, 1 + disagreed, kQuantile); }

/// The caps count by hashes; those of one computation may be of any key.
uint64_t HashOf(const std::string& user) {
  if (user.empty()) return 0;
  return std::max<uint64_t>(1, SipHasher({1, 2}).Finish(std::as_bytes(std::span(user))));
}

/// The reports of persons within the caps, in the order of time.
std::vector<const FeedbackState*> Reports(std::span<const FeedbackState> states, const TrustOptions& options) {
  std::vector<const FeedbackState*> reports;
  for (const FeedbackState& state : states) {
    if (state.origin == FeedbackOrigin::kPerson && !state.user.empty()) reports.push_back(&state);
  }
  std::ranges::sort(reports, {},
                    [](const FeedbackState* state) { return std::tie(state->at, state->message, state->user); });
  FeedbackCaps caps(options.caps);
  std::erase_if(reports, [&](const FeedbackState* state) { return !caps.Count(HashOf(state->user), 0, state->at); });
  return reports;
}

/// What administrators said last about each message.
std::map<std::string, std::string> AdminLabels(std::span<const FeedbackState> states) {
  std::map<std::string, const FeedbackState*> last;
  for (const FeedbackState& state : states) {
    if (state.origin != FeedbackOrigin::kAdmin) continue;
    const FeedbackState*& known = last[state.message];
    if (known == nullptr || std::tie(known->at, known->user) < std::tie(state.at, state.user)) known = &state;
  }
  std::map<std::string, std::string> labels;
  for (const auto& [message, state] : last) labels.emplace(message, state->label);
  return labels;
}

std::map<std::string, UserTrust> WithWeights(std::map<std::string, UserTrust> users) {
  for (auto& [user, trust] : users) trust.weight = Weight(trust.agreed, trust.disagreed);
  return users;
}

}  // namespace

TrustTable::TrustTable(std::map<std::string, UserTrust> users, double trusted_weight)
    : users_(std::move(users)), trusted_weight_(trusted_weight) {}

double TrustTable::WeightOf(const std::string& user) const {
  static const double unknown = Weight(0, 0);
  const auto found = users_.find(user);
  return found == users_.end() ? unknown : found->second.weight;
}

bool TrustTable::IsTrusted(const std::string& user) const { return WeightOf(user) >= trusted_weight_; }

std::vector<std::string> TrustTable::TrustedUsers() const {
  std::vector<std::string> trusted;
  for (const auto& [user, trust] : users_) {
    if (trust.weight >= trusted_weight_) trusted.push_back(user);
  }
  return trusted;
}

TrustTable ComputeTrust(std::span<const FeedbackState> states, const std::map<std::string, std::string>& labels,
                        const TrustOptions& options) {
  std::map<std::string, std::string> known = labels;
  known.merge(AdminLabels(states));
  const std::vector<const FeedbackState*> reports = Reports(states, options);
  std::map<std::string, UserTrust> users;
  for (const FeedbackState* report : reports) {
    UserTrust& trust = users[report->user];
    const auto label = known.find(report->message);
    if (label != known.end()) ++(label->second == report->label ? trust.agreed : trust.disagreed);
  }
  const TrustTable first(WithWeights(users), options.trusted_weight);
  // What those who are trusted by now agree on, for messages of which nothing better is known.
  std::map<std::string, std::map<std::string, int>> votes;  // message -> label -> trusted users
  for (const FeedbackState* report : reports) {
    if (!known.contains(report->message) && first.IsTrusted(report->user)) ++votes[report->message][report->label];
  }
  for (const FeedbackState* report : reports) {
    const auto found = votes.find(report->message);
    if (found == votes.end()) continue;
    std::map<std::string, int> others = found->second;
    if (first.IsTrusted(report->user) && --others[report->label] == 0) others.erase(report->label);
    if (others.size() != 1 || others.begin()->second < options.agreeing_users) continue;
    UserTrust& trust = users[report->user];
    ++(others.begin()->first == report->label ? trust.agreed : trust.disagreed);
  }
  return TrustTable(WithWeights(std::move(users)), options.trusted_weight);
}

}  // namespace winnow
