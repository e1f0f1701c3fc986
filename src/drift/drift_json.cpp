#include <fmt/format.h>

#include "drift/drift_words.h"

namespace winnow {
namespace {

Json ValueJson(const std::optional<EstimatedValue>& value) {
  if (!value) return nullptr;
  return {{"value", value->value}, {"interval", {value->interval.low, value->interval.high}}};
}

Json PerformanceJson(const EstimatedPerformance& estimated, bool has_positive_label) {
  Json json = {{"accuracy", ValueJson(estimated.accuracy)}};
  if (!has_positive_label) return json;
  json["fpr"] = ValueJson(estimated.false_positive_rate);
  json["fnr"] = ValueJson(estimated.false_negative_rate);
  json["positives"] = ValueJson(estimated.positives);
  return json;
}

Json RateJson(const EstimatedRate& rate) {
  return {{"value", rate.verdicts == 0 ? Json(nullptr) : Json(rate.rate)},
          {"interval", {rate.low, rate.high}},
          {"verdicts", rate.verdicts}};
}

Json WordsJson(const std::vector<DomainWord>& words) {
  Json json = Json::array();
  for (const DomainWord& word : words) {
    json.push_back({{"words", word.words}, {"reference", word.reference_share}, {"current", word.current_share}});
  }
  return json;
}

}  // namespace

Json DriftJson(const DriftReport& report) {
  Json measures = Json::object(), labels = Json::array();
  for (const DriftMeasure& measure : report.measures) {
    Json each = {{"value", measure.value}, {"limit", measure.limit}, {"drift", measure.drifted()}};
    if (measure.name != "domain_auc") each["chance"] = measure.chance;
    if (measure.name != "label_distance" && measure.name != "domain_auc") {
      each["reference_mean"] = measure.reference_mean;
      each["current_mean"] = measure.current_mean;
    }
    measures[measure.name] = std::move(each);
  }
  measures["domain_auc"]["interval"] = {report.domain.interval.low, report.domain.interval.high};
  for (const DriftLabel& label : report.labels) {
    labels.push_back({{"label", label.label}, {"reference", label.reference_share}, {"current", label.current_share}});
  }
  Json json = {
      {"model", report.model},
      {"version", report.version},
      {"timestamp", report.timestamp},
      {"drift", report.drifted()},
      {"errors_drift", report.errors_drifted()},
      {"verdict", DriftVerdict(report)},
      {"reference", {{"texts", report.reference_texts}, {"source", report.reference_source}}},
      {"current", {{"texts", report.current_texts}, {"source", report.current_source}, {"redacted", report.redacted}}},
      {"estimated",
       {{"reference", PerformanceJson(report.reference_performance, report.has_positive_label)},
        {"current", PerformanceJson(report.current_performance, report.has_positive_label)}}},
      {"measures", std::move(measures)},
      {"labels", std::move(labels)},
      {"words", {{"current", WordsJson(report.domain.more)}, {"reference", WordsJson(report.domain.fewer)}}}};
  if (report.audited) {
    json["audited"] = {{"labelled", report.audited->labelled},
                       {"fpr", RateJson(report.audited->false_positives)},
                       {"fnr", RateJson(report.audited->false_negatives)}};
  }
  if (report.max_false_positive_rate) json["max_fpr"] = *report.max_false_positive_rate;
  return json;
}

}  // namespace winnow
