/// Complaints as an experiment counts them: one report for each user, the first one about an answer of the experiment.
///
/// A user who reports ten errors is one unit of the test: users are assigned to arms at random, messages are not, and a
/// few users send most reports. A test of messages takes such a user for ten independent observations.
#pragma once

#include <string>

#include "experiment/assignment.h"
#include "experiment/sequential.h"
#include "store/time_text.h"

namespace winnow {

/// A report of an error in an answer that one of the arms gave.
struct ArmReport {
  std::string user = {};
  std::string event_id = {};
  Arm arm = Arm::kNone;              ///< the arm that answered the message
  double share_in_experiment = 0.5;  ///< candidate's share of the users of both arms when the message was answered
  StoreTime at = {};                 ///< time of the event, not of its arrival
};

/// Options of the tests of an experiment.
struct TestPlan {
  /// The candidate is rolled back when its rate of errors is shown to exceed this ratio to the champion's, and promoted
  /// when its rate is shown to be below the other one (see CheckNewPlan).
  double margin = 1, promotion_margin = 1;
  double alpha = 0.05;  ///< probability of each wrong decision
};

/// T1: the candidate's share of the users who complain. `rollback` rejects "at most `margin` times the champion's
/// rate", `promotion` rejects "at least `promotion_margin` times the champion's rate".
struct ComplaintTests {
  SequentialTest rollback{TestDirection::kTooManyOnes};
  SequentialTest promotion{TestDirection::kTooFewOnes};

  /// Adds the first report of a user.
  void Add(const ArmReport& report, const TestPlan& plan);
  friend bool operator==(const ComplaintTests&, const ComplaintTests&) = default;
};

/// T2: which model is wrong where they disagree, by labels of people who see neither answer. Exactly one of two models
/// that disagree about spam is wrong, so that the hypothesis of equal models is a probability of one half. The
/// alternatives of interest are farther away than in T1, which is why the bet has the strength of 2 observations.
struct DisagreementTests {
  static constexpr double kStrength = 2;
  SequentialTest rollback{TestDirection::kTooManyOnes, kStrength};
  SequentialTest promotion{TestDirection::kTooFewOnes, kStrength};

  void Add(bool candidate_was_wrong);
  friend bool operator==(const DisagreementTests&, const DisagreementTests&) = default;
};

}  // namespace winnow
