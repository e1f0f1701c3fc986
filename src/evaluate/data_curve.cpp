#include "evaluate/data_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "evaluate/report.h"
#include "evaluate/text_table.h"

namespace winnow {
namespace {

Result<size_t> SizeOf(const std::string& wanted, size_t available) {
  double value = 0;
  const char* end = wanted.data() + wanted.size();
  const bool number = !wanted.empty() && std::from_chars(wanted.data(), end, value).ptr == end;
  const double texts = value <= 1 ? std::round(value * static_cast<double>(available)) : value;
  const bool whole = texts == std::floor(texts);
  if (number && whole && texts >= 2 && texts <= static_cast<double>(available)) return static_cast<size_t>(texts);
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--sizes: '{}' is no size of a training part of {} texts", wanted, available),
              "give numbers of texts (50,100,200) or shares (0.1,0.5,1)");
}

}  // namespace

Result<std::vector<size_t>> CurveSizes(std::span<const std::string> wanted, size_t available, size_t labels) {
  std::vector<size_t> sizes;
  for (const std::string& size : wanted) sizes.push_back(TRY(SizeOf(size, available)));
  if (wanted.empty()) {
    constexpr size_t kMost = 7;
    const size_t least = std::max<size_t>(50, 2 * labels);
    size_t size = available;
    do {
      sizes.push_back(size);
      size /= 2;
    } while (size >= least && sizes.size() < kMost);
  }
  std::ranges::sort(sizes);
  const auto repeats = std::ranges::unique(sizes);
  sizes.erase(repeats.begin(), repeats.end());
  return sizes;
}

Change ChangeBetween(std::span<const uint8_t> before, std::span<const uint8_t> after) {
  Change change;
  for (size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (after[i] > before[i]) ++change.better;
    if (after[i] < before[i]) ++change.worse;
  }
  const auto differ = static_cast<double>(change.better + change.worse);
  const auto gain = static_cast<double>(std::abs(change.better - change.worse));
  // With the continuity correction (Edwards 1948); 3.841 is chi squared's 95 % point of one degree of freedom.
  change.beyond_chance = gain > 1 && (gain - 1) * (gain - 1) / differ > 3.841;
  return change;
}

std::string Outlook(const DataCurve& curve) {
  if (curve.points.size() < 2) return "One size says nothing about more texts: give two or more.";
  const DataCurvePoint& before = curve.points[curve.points.size() - 2];
  const DataCurvePoint& last = curve.points.back();
  const double gain = last.metrics.f1_macro - before.metrics.f1_macro;
  const Change change = ChangeBetween(before.right, last.right);
  const double growth = static_cast<double>(last.texts) / static_cast<double>(before.texts);
  std::string text = fmt::format(
      "From {} to {} training texts macro-F1 went from {:.4f} to {:.4f} ({:+.4f}); of {} test texts {} came right and "
      "{} went wrong",
      before.texts, last.texts, before.metrics.f1_macro, last.metrics.f1_macro, gain, last.metrics.count, change.better,
      change.worse);
  if (!change.beyond_chance) {
    constexpr double kLittle = 0.01;
    return text + (std::abs(gain) < kLittle
                       ? ": no more than chance explains, so more texts of this kind are not likely to bring much."
                       : ": chance may explain it, and more test texts would tell (--test-size, --test).");
  }
  if (change.better < change.worse) {
    return text +
           ": more texts made it worse, which points at the training (try more --epochs or another --seed) or at "
           "labels that contradict each other.";
  }
  return text + fmt::format(": {:.0f} texts more, {:.3g} times as many, may bring up to about as much again.",
                            static_cast<double>(last.texts) * (growth - 1), growth);
}

std::string DataCurveText(const DataCurve& curve) {
  TextTable table(0);
  table.Add({"texts", "accuracy", "95 %", "f1_macro", "95 %", "roc_auc", "seconds"});
  for (const DataCurvePoint& point : curve.points) {
    table.Add({std::to_string(point.texts), FigureText(point.metrics.accuracy),
               RangeText(point.metrics.accuracy_interval), FigureText(point.metrics.f1_macro),
               RangeText(point.metrics.f1_macro_interval), FigureText(point.metrics.roc_auc),
               FigureText(point.seconds, 1)});
  }
  const int64_t tested = curve.points.empty() ? 0 : curve.points.back().metrics.count;
  return fmt::format(
      "trained on parts of {} texts, each of which holds the smaller ones; tested on the same {}\n{}\n{}\n",
      curve.available, tested, table.Text(), Outlook(curve));
}

Json DataCurveJson(const DataCurve& curve) {
  Json points = Json::array();
  for (const DataCurvePoint& point : curve.points) {
    Json entry = {{"texts", point.texts}, {"seconds", point.seconds}};
    entry.update(FiguresJson(point.metrics));
    entry["intervals"] = ReportJson(point.metrics)["intervals"];
    points.push_back(std::move(entry));
  }
  return {{"available", curve.available},
          {"validation_count", curve.validation},
          {"test_count", curve.points.empty() ? 0 : curve.points.back().metrics.count},
          {"points", std::move(points)},
          {"outlook", Outlook(curve)}};
}

}  // namespace winnow
