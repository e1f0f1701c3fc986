/// A drift report for people and machines: text, HTML, JSON, and metrics for Prometheus.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "drift/drift.h"

namespace winnow {

/// Returns the verdict in one sentence.
std::string DriftVerdict(const DriftReport& report);

/// Returns what chance explains of a measure, for tables: "0.078", or "-" for one that is not compared with it.
std::string ChanceText(const DriftMeasure& measure);

/// A rate before and now, for tables. `audited` is empty where nobody has labelled verdicts.
struct DriftRate {
  std::string name, reference, current, audited;
};
std::vector<DriftRate> DriftRates(const DriftReport& report);

/// Returns the report as text for a terminal.
std::string DriftText(const DriftReport& report);
Json DriftJson(const DriftReport& report);
/// Returns a page without scripts, whose names and words are escaped.
std::string DriftHtml(const DriftReport& report);
/// Returns the metrics in Prometheus' text format, which the node exporter's textfile collector reads.
std::string DriftMetrics(const DriftReport& report);

}  // namespace winnow
