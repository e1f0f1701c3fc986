#include "experiment/reports.h"

namespace winnow {

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
