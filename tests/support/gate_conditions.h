/// Conditions of the gate by their names.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "retrain/gate.h"

namespace winnow {

/// Returns the condition of that name. Fails the test if the report has none.
inline const GateCondition& Named(const GateReport& report, const std::string& name) {
  for (const GateCondition& condition : report.conditions) {
    if (condition.name == name) return condition;
  }
  ADD_FAILURE() << name;
  return report.conditions.front();
}

}  // namespace winnow
