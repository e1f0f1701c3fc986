#include <cmath>

#include "report/evaluation_report.h"
#include "report/metrics_report.h"
#include "report/report_words.h"
#include "report/verdict.h"

namespace winnow {
namespace {

using Ordered = Json;

Ordered Number(std::optional<double> value) {
  return value && std::isfinite(*value) ? Ordered(*value) : Ordered(nullptr);
}

Ordered Pair(const std::optional<Interval>& interval) {
  return interval ? Ordered::array({interval->low, interval->high}) : Ordered(nullptr);
}

Ordered ModelJson(const ReportedModel& model) {
  Ordered json = {{"name", model.name},   {"bundle", model.bundle},         {"version", model.version},
                  {"kind", model.kind},   {"base_model", model.base_model}, {"weights", model.weights},
                  {"thresholds", nullptr}};
  if (model.thresholds) {
    json["thresholds"] = {{"strict", model.thresholds->strict},
                          {"moderate", model.thresholds->moderate},
                          {"lenient", model.thresholds->lenient}};
  }
  return json;
}

Ordered OriginJson(const ReportOrigin& origin) {
  Ordered data = Ordered::array();
  for (const ReportedFile& file : origin.data) {
    data.push_back({{"file", file.path}, {"sha256", file.sha256.empty() ? Ordered(nullptr) : Ordered(file.sha256)}});
  }
  return {{"data", data},
          {"filter", origin.filter},
          {"mode", origin.mode},
          {"folds", origin.folds > 0 ? Ordered(origin.folds) : Ordered(nullptr)},
          {"left_out", origin.left_out},
          {"timestamp", origin.timestamp},
          {"winnow", origin.winnow_version},
          {"cpu", origin.cpu},
          {"extensions", origin.extensions},
          {"command", origin.command}};
}

Ordered CurveJson(const LabelCurve& curve, const std::vector<std::string>& labels) {
  Ordered roc = Ordered::array(), pr = Ordered::array();
  for (const RocPoint& p : curve.roc) roc.push_back(Ordered::array({p.fpr, p.recall, Number(p.threshold)}));
  for (const PrecisionRecallPoint& p : curve.precision_recall) {
    pr.push_back(Ordered::array({p.recall, p.precision, Number(p.threshold)}));
  }
  return {{"label", curve.label < 0 ? Ordered(nullptr) : Ordered(labels[static_cast<size_t>(curve.label)])},
          {"roc_auc", Number(curve.roc_auc)},
          {"average_precision", Number(curve.average_precision)},
          {"roc", roc},
          {"precision_recall", pr}};
}

Ordered ThresholdJson(const ThresholdSection& section) {
  const auto point = [&](const ThresholdPoint& at) {
    const auto share = [](int64_t part, int64_t whole) {
      return whole == 0 ? Ordered(nullptr) : Ordered(static_cast<double>(part) / static_cast<double>(whole));
    };
    return Ordered{{"threshold", at.threshold},
                   {"fpr", share(at.false_positives, section.negatives)},
                   {"recall", share(at.found, section.positives)},
                   {"precision", share(at.found, at.found + at.false_positives)}};
  };
  Ordered points = Ordered::array(), modes = Ordered::object();
  for (const ThresholdPoint& at : section.points) points.push_back(point(at));
  for (const ModePoint& mode : section.modes) modes[mode.mode] = point(mode.at);
  return {{"modes", modes}, {"points", points}};
}

Ordered SliceJson(const Slice& slice, bool positive) {
  Ordered json = {{"name", slice.name},
                  {"count", slice.count},
                  {"accuracy", static_cast<double>(slice.right) / static_cast<double>(slice.count)},
                  {"interval", Pair(slice.accuracy)},
                  {"stands_out", slice.stands_out}};
  if (positive) {
    json["legitimate"] = slice.negatives;
    json["false_alarms"] = slice.false_positives;
    json["positives"] = slice.positives;
    json["found"] = slice.found;
  }
  return json;
}

Ordered Names(const std::vector<int32_t>& ids, const std::vector<std::string>& labels) {
  Ordered names = Ordered::array();
  for (const int32_t id : ids) names.push_back(labels[static_cast<size_t>(id)]);
  return names;
}

/// The true labels, with the names of those that the model does not have.
Ordered TrueNames(const ReportedText& text, const std::vector<std::string>& labels) {
  std::vector<int32_t> known = text.truth;
  std::erase(known, kUnknownLabelId);
  Ordered names = Names(known, labels);
  for (const std::string& label : text.unknown_labels) names.push_back(label);
  return names;
}

Ordered TextJson(const ReportedText& text, const EvaluationReport& report) {
  Ordered json = {{"file", text.file},
                  {"row", text.row},
                  {"truth", TrueNames(text, report.metrics.labels)},
                  {"decided", Names(text.decided, report.metrics.labels)},
                  {"confidence", text.confidence}};
  if (report.with_texts) json["text"] = text.text;
  return json;
}

}  // namespace

Ordered ComparedJson(const EvaluationReport& report) {
  const ComparedSection& against = *report.against;
  Ordered json = ModelJson(against.model);
  json["metrics"] = ReportJson(against.metrics);
  json["verdict"] = EvaluationVerdict(against.metrics, against.majority);
  const McNemar& test = against.paired.test;
  for (const PairedMetric& metric : against.paired.metrics) {
    json["paired"][metric.name] = {{"first", metric.first},
                                   {"second", metric.second},
                                   {"difference", metric.second - metric.first},
                                   {"interval", Pair(metric.difference)},
                                   {"p_value", metric.p_value}};
  }
  json["mcnemar"] = {{"both_right", against.paired.both_right},
                     {"only_first_right", test.only_first},
                     {"only_second_right", test.only_second},
                     {"both_wrong", against.paired.both_wrong},
                     {"p_value", test.p_value},
                     {"chi_squared_corrected", test.chi_squared}};
  json["differing"] = Ordered::array();
  for (const ReportedText& text : against.texts) {
    Ordered shown = TextJson(text, report);
    shown["decided_by_second"] = text.second_decided;
    shown["confidence_of_second"] = text.second_confidence;
    shown["right"] = text.first_right ? "first" : "second";
    json["differing"].push_back(std::move(shown));
  }
  return json;
}

Ordered EvaluationReportJson(const EvaluationReport& report) {
  Ordered json = {{"model", ModelJson(report.model)}, {"origin", OriginJson(report.origin)}};
  json.update(ReportJson(report.metrics));
  json["average_precision_macro"] = Number(report.average_precision_macro);
  for (size_t i = 0; i < report.average_precision.size(); ++i) {
    json["per_class"][i]["average_precision"] = Number(report.average_precision[i]);
  }
  json["verdict"] = EvaluationVerdict(report.metrics, report.majority);
  json["warnings"] = Warnings(report);
  json["curves"] = Ordered::array();
  for (const LabelCurve& curve : report.curves) json["curves"].push_back(CurveJson(curve, report.metrics.labels));
  json["reliability"] = Ordered::array();
  for (const ReliabilityBin& bin : report.reliability) {
    if (bin.count == 0) continue;
    json["reliability"].push_back({{"from", bin.low},
                                   {"to", bin.high},
                                   {"count", bin.count},
                                   {"confidence", bin.confidence},
                                   {"hit_rate", static_cast<double>(bin.hits) / static_cast<double>(bin.count)},
                                   {"interval", Pair(bin.hit_rate)}});
  }
  json["thresholds"] = report.thresholds ? ThresholdJson(*report.thresholds) : Ordered(nullptr);
  json["slices"] = Ordered::object();
  for (const SliceGroup& group : report.slices) {
    for (const Slice& slice : group.slices) {
      json["slices"][group.by].push_back(SliceJson(slice, report.metrics.positive_label >= 0));
    }
  }
  json["error_count"] = report.error_count;
  json["errors"] = Ordered::array();
  for (const ReportedText& text : report.errors) json["errors"].push_back(TextJson(text, report));
  if (report.against) json["against"] = ComparedJson(report);
  return json;
}

}  // namespace winnow
