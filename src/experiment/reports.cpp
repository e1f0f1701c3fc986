#include "experiment/reports.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace winnow {

bool IsEarlier(const ArmReport& a, const ArmReport& b) {
  return std::tie(a.at, a.event_id) < std::tie(b.at, b.event_id);
}

std::vector<ArmReport> FirstReports(std::vector<ArmReport> reports) {
  std::ranges::sort(reports, IsEarlier);
  std::set<std::string> users;
  std::vector<ArmReport> first;
  for (ArmReport& report : reports)
    if (users.insert(report.user).second) first.push_back(std::move(report));
  return first;
}

void ComplaintTests::Add(const ArmReport& report, const TestPlan& plan) {
  const bool is_candidates = report.arm == Arm::kCandidate;
  rollback.Add(is_candidates, ProbabilityAtMargin(plan.margin, report.share_in_experiment));
  promotion.Add(is_candidates, ProbabilityAtMargin(plan.promotion_margin, report.share_in_experiment));
}

void DisagreementTests::Add(bool candidate_was_wrong) {
  rollback.Add(candidate_was_wrong, 0.5);
  promotion.Add(candidate_was_wrong, 0.5);
}

}  // namespace winnow
