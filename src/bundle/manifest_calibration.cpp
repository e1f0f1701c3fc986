#include "bundle/manifest_calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "bundle/manifest_error.h"
#include "decide/decide.h"

namespace winnow {
namespace {

Result<JsonObject> Object(const Json& json, std::string_view where, const char* name) {
  return JsonObject::Of(json, fmt::format("{}: {}", where, name), ErrorCode::kInvalidModel);
}

Result<std::vector<double>> ReadNumbers(const Json& json, std::string_view where, const char* name) {
  if (!json.contains(name) || json[name].is_null()) return std::vector<double>{};
  if (!json[name].is_array())
    return ManifestError(where, fmt::format("calibration: '{}' must be a list of numbers", name));
  std::vector<double> numbers;
  for (const Json& each : json[name]) {
    if (!each.is_number())
      return ManifestError(where, fmt::format("calibration: '{}' must be a list of numbers", name));
    numbers.push_back(each.get<double>());
  }
  return numbers;
}

Result<std::vector<CalibrationCurve>> Curves(const Json& json, std::string_view where) {
  std::vector<CalibrationCurve> curves;
  if (!json.contains("points") || json["points"].is_null()) return curves;
  if (!json["points"].is_array()) return ManifestError(where, "calibration: 'points' must be a list of curves");
  for (const Json& points : json["points"]) {
    if (!points.is_array()) return ManifestError(where, "calibration: a curve of 'points' must be a list of [x, y]");
    CalibrationCurve& curve = curves.emplace_back();
    for (const Json& point : points) {
      if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_number())
        return ManifestError(where, "calibration: a curve of 'points' must be a list of [x, y]");
      curve.x.push_back(point[0].get<double>());
      curve.y.push_back(point[1].get<double>());
    }
  }
  return curves;
}

Result<std::optional<CalibrationMetrics>> ReadMetrics(const Json& json, std::string_view where, const char* name) {
  if (!json.contains(name) || json[name].is_null()) return std::optional<CalibrationMetrics>();
  const JsonObject object = TRY(Object(json[name], where, name));
  CalibrationMetrics metrics;
  metrics.nll = TRY(object.Number("nll")).value_or(0);
  metrics.ece = TRY(object.Number("ece")).value_or(0);
  metrics.adaptive_ece = TRY(object.Number("adaptive_ece")).value_or(0);
  metrics.brier = TRY(object.Number("brier")).value_or(0);
  return std::optional(metrics);
}

Json MetricsJson(const CalibrationMetrics& metrics) {
  return {{"nll", metrics.nll}, {"ece", metrics.ece}, {"adaptive_ece", metrics.adaptive_ece}, {"brier", metrics.brier}};
}

Result<CalibrationRecord> ReadRecord(const Json& json, std::string_view where) {
  const JsonObject object = TRY(Object(json, where, "calibration"));
  CalibrationRecord record;
  const std::string method = TRY(object.String("method")).value_or("temperature");
  bool known = false;
  for (const auto each : {CalibrationMethod::kTemperature, CalibrationMethod::kVector, CalibrationMethod::kIsotonic}) {
    if (method != NameOf(each)) continue;
    record.calibration.method = each;
    known = true;
  }
  if (!known) {
    return ManifestError(
        where, fmt::format("calibration: 'method' is '{}', expected temperature, vector or isotonic", method));
  }
  record.calibration.temperatures = TRY(ReadNumbers(json, where, "temperatures"));
  record.calibration.scale = TRY(ReadNumbers(json, where, "scale"));
  record.calibration.bias = TRY(ReadNumbers(json, where, "bias"));
  record.calibration.curves = TRY(Curves(json, where));
  if (object.Has("fitted_on")) {
    const JsonObject fitted = TRY(Object(json["fitted_on"], where, "calibration: fitted_on"));
    record.texts = TRY(fitted.Integer("texts")).value_or(0);
    record.sha256 = TRY(fitted.String("sha256")).value_or("");
    record.source = TRY(fitted.String("source")).value_or("");
  }
  record.measured = TRY(object.String("measured")).value_or("");
  record.before = TRY(ReadMetrics(json, where, "before"));
  record.after = TRY(ReadMetrics(json, where, "after"));
  return record;
}

Result<std::map<std::string, double>> LabelThresholds(const Json& json, std::string_view where, const char* name) {
  std::map<std::string, double> thresholds;
  if (!json.contains(name) || json[name].is_null()) return thresholds;
  if (!json[name].is_object())
    return ManifestError(where, fmt::format("'thresholds': '{}' must be an object that maps labels to numbers", name));
  for (const auto& [label, value] : json[name].items()) {
    if (!value.is_number()) return ManifestError(where, fmt::format("the threshold of '{}' is not a number", label));
    thresholds[label] = value.get<double>();
  }
  return thresholds;
}

/// A threshold in the range of thresholds: those of rare labels were once rounded to 0 or 1. What is no threshold at
/// all stays as it is, and is refused later.
double InRange(double threshold) {
  if (!(threshold >= 0 && threshold <= 1)) return threshold;
  const auto value = static_cast<float>(threshold);
  const float inside = std::clamp(value, kLeastThreshold, kGreatestThreshold);
  return inside == value ? threshold : static_cast<double>(inside);
}

Result<void> ReadThresholds(const Json& json, std::string_view where, Thresholds& thresholds) {
  const JsonObject object = TRY(Object(json, where, "thresholds"));
  thresholds.strict = TRY(object.Number("strict")).value_or(thresholds.strict);
  thresholds.moderate = TRY(object.Number("moderate")).value_or(thresholds.moderate);
  thresholds.lenient = TRY(object.Number("lenient")).value_or(thresholds.lenient);
  thresholds.labels = TRY(LabelThresholds(json, where, "labels"));
  thresholds.labels_strict = TRY(LabelThresholds(json, where, "labels_strict"));
  thresholds.labels_lenient = TRY(LabelThresholds(json, where, "labels_lenient"));
  if (!object.Has("promise")) {
    for (double* const each : {&thresholds.strict, &thresholds.moderate, &thresholds.lenient}) *each = InRange(*each);
    for (auto* const labels : {&thresholds.labels, &thresholds.labels_strict, &thresholds.labels_lenient}) {
      for (auto& [label, threshold] : *labels) threshold = InRange(threshold);
    }
    return {};
  }
  // With a guarantee, 1 is a threshold: the next number above the highest score of a negative.
  const JsonObject promise = TRY(Object(json["promise"], where, "thresholds: 'promise'"));
  FprGuarantee& found = thresholds.guarantee.emplace();
  found.max_fpr = TRY(promise.Number("max_fpr")).value_or(0);
  found.lenient_max_fpr = TRY(promise.Number("lenient_max_fpr")).value_or(found.max_fpr / 2);
  found.confidence = TRY(promise.Number("confidence")).value_or(0);
  found.texts = TRY(promise.Integer("texts")).value_or(0);
  found.source = TRY(promise.String("source")).value_or("");
  found.weights = TRY(promise.String("weights")).value_or("");
  return {};
}

Result<Abstention> ReadAbstention(const Json& json, std::string_view where) {
  const JsonObject object = TRY(Object(json, where, "abstain"));
  Abstention abstain;
  abstain.max_error = TRY(object.Number("max_error")).value_or(0);
  abstain.texts = TRY(object.Integer("texts")).value_or(0);
  abstain.source = TRY(object.String("source")).value_or("");
  abstain.weights = TRY(object.String("weights")).value_or("");
  if (!object.Has("below")) return ManifestError(where, "abstain: 'below' is missing");
  const JsonObject below = TRY(Object(json["below"], where, "abstain: below"));
  abstain.strict = TRY(below.Number("strict")).value_or(0);
  abstain.moderate = TRY(below.Number("moderate")).value_or(0);
  abstain.lenient = TRY(below.Number("lenient")).value_or(0);
  return abstain;
}

/// Sets or removes a member, so that what else is in the object stays.
void Put(Json& object, const char* name, Json value, bool there) {
  if (there) {
    object[name] = std::move(value);
  } else {
    object.erase(name);
  }
}

/// The member `name` as an object to write into; what it held is kept where it was one.
Json& ObjectAt(Json& json, const char* name) {
  Json& object = json[name];
  if (!object.is_object()) object = Json::object();
  return object;
}

void WriteRecord(const CalibrationRecord& record, Json& json) {
  const Calibration& calibration = record.calibration;
  json["method"] = NameOf(calibration.method);
  Put(json, "temperatures", calibration.temperatures, !calibration.temperatures.empty());
  Put(json, "scale", calibration.scale, !calibration.scale.empty());
  Put(json, "bias", calibration.bias, !calibration.bias.empty());
  Json curves = Json::array();
  for (const CalibrationCurve& curve : calibration.curves) {
    Json points = Json::array();
    for (size_t i = 0; i < curve.x.size(); ++i) points.push_back(Json::array({curve.x[i], curve.y[i]}));
    curves.push_back(std::move(points));
  }
  Put(json, "points", std::move(curves), !calibration.curves.empty());
  Json& fitted = ObjectAt(json, "fitted_on");
  fitted["texts"] = record.texts;
  Put(fitted, "sha256", record.sha256, !record.sha256.empty());
  Put(fitted, "source", record.source, !record.source.empty());
  Put(json, "measured", record.measured, !record.measured.empty());
  Put(json, "before", record.before ? MetricsJson(*record.before) : Json(), record.before.has_value());
  Put(json, "after", record.after ? MetricsJson(*record.after) : Json(), record.after.has_value());
}

void WriteThresholds(const Thresholds& thresholds, Json& json) {
  json["strict"] = thresholds.strict;
  json["moderate"] = thresholds.moderate;
  json["lenient"] = thresholds.lenient;
  Put(json, "labels", thresholds.labels, !thresholds.labels.empty());
  Put(json, "labels_strict", thresholds.labels_strict, !thresholds.labels_strict.empty());
  Put(json, "labels_lenient", thresholds.labels_lenient, !thresholds.labels_lenient.empty());
  if (!thresholds.guarantee) {
    json.erase("promise");
    return;
  }
  const FprGuarantee& guarantee = *thresholds.guarantee;
  Json& out = ObjectAt(json, "promise");
  out["max_fpr"] = guarantee.max_fpr;
  out["lenient_max_fpr"] = guarantee.lenient_max_fpr;
  out["confidence"] = guarantee.confidence;
  out["texts"] = guarantee.texts;
  out["source"] = guarantee.source;
  out["weights"] = guarantee.weights;
}

void WriteAbstention(const Abstention& abstain, Json& json) {
  json["max_error"] = abstain.max_error;
  json["texts"] = abstain.texts;
  json["source"] = abstain.source;
  json["weights"] = abstain.weights;
  Json& below = ObjectAt(json, "below");
  below["strict"] = abstain.strict;
  below["moderate"] = abstain.moderate;
  below["lenient"] = abstain.lenient;
}

}  // namespace

Result<void> ReadCalibration(const Json& json, std::string_view where, Manifest& manifest) {
  const JsonObject object = TRY(JsonObject::Of(json, std::string(where), ErrorCode::kInvalidModel));
  manifest.temperature = TRY(object.Number("temperature")).value_or(1);
  if (object.Has("calibration")) manifest.calibration = TRY(ReadRecord(json["calibration"], where));
  if (object.Has("thresholds")) TRY(ReadThresholds(json["thresholds"], where, manifest.thresholds));
  if (object.Has("abstain")) manifest.abstain = TRY(ReadAbstention(json["abstain"], where));
  return {};
}

Result<void> ValidateCalibration(const Manifest& manifest, std::string_view where) {
  if (!(manifest.temperature > 0) || !std::isfinite(manifest.temperature))
    return ManifestError(where, fmt::format("'temperature' is {}, expected a number above 0", manifest.temperature));
  if (const auto checked = CheckCalibration(CalibrationOf(manifest)); !checked)
    return ManifestError(where, checked.error().message);
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };  // false for NaN
  const Thresholds& thresholds = manifest.thresholds;
  std::vector<double> values = {thresholds.strict, thresholds.moderate, thresholds.lenient};
  for (const auto* labels : {&thresholds.labels, &thresholds.labels_strict, &thresholds.labels_lenient}) {
    for (const auto& [label, threshold] : *labels) values.push_back(threshold);
  }
  for (const double threshold : values) {
    if (!is_share(threshold))
      return ManifestError(where,
                           fmt::format("'thresholds': a threshold is {}, expected a number from 0 to 1", threshold));
  }
  if (const auto& guarantee = thresholds.guarantee) {
    for (const double value : {guarantee->max_fpr, guarantee->lenient_max_fpr, guarantee->confidence}) {
      if (!is_share(value))
        return ManifestError(
            where, fmt::format("'thresholds': a value of 'promise' is {}, expected a number from 0 to 1", value));
    }
  }
  if (const auto& abstain = manifest.abstain) {
    for (const double value : {abstain->max_error, abstain->strict, abstain->moderate, abstain->lenient}) {
      if (!is_share(value))
        return ManifestError(where, fmt::format("'abstain': a value is {}, expected a number from 0 to 1", value));
    }
  }
  const std::array metrics = {manifest.calibration ? manifest.calibration->before : std::nullopt,
                              manifest.calibration ? manifest.calibration->after : std::nullopt};
  for (const auto& each : metrics) {
    if (each && !(std::isfinite(each->nll) && std::isfinite(each->ece) && std::isfinite(each->adaptive_ece) &&
                  std::isfinite(each->brier)))
      return ManifestError(where, "calibration: a metric is not finite");
  }
  return {};
}

void WriteCalibration(const Manifest& manifest, Json& json) {
  json["temperature"] = manifest.temperature;
  if (manifest.calibration) {
    WriteRecord(*manifest.calibration, ObjectAt(json, "calibration"));
  } else {
    json.erase("calibration");
  }
  WriteThresholds(manifest.thresholds, ObjectAt(json, "thresholds"));
  if (manifest.abstain) {
    WriteAbstention(*manifest.abstain, ObjectAt(json, "abstain"));
  } else {
    json.erase("abstain");
  }
}

Calibration CalibrationOf(const Manifest& manifest) {
  Calibration calibration;
  if (manifest.calibration) calibration = manifest.calibration->calibration;
  calibration.temperature = manifest.temperature;
  return calibration;
}

}  // namespace winnow
