#include "report/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "base/machine.h"
#include "evaluate/evaluation.h"
#include "evaluate/text_table.h"
#include "report/metrics_report.h"

namespace winnow {
namespace {

constexpr size_t kColumns = 100;
constexpr size_t kMostLabels = 6;    // whose F1 the table shows
constexpr size_t kBaseWidth = 18;    // of a base model's name, where the models' own need the rest
constexpr size_t kLabelWidth = 10;   // so that six labels leave room for the models' names
constexpr size_t kSpaceBetween = 2;  // columns of a TextTable

std::string Lasting(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

std::string Named(const ComparedModel& model, const ComparedModel* best, size_t width) {
  return (&model == best ? "* " : "  ") + ShownName(model.name, width);
}

std::string Milliseconds(double ms) { return MetricText(ms, ms < 100 ? 3 : 1); }

/// "22.7 int8"; INT8 weights with some layers in bf16 are "int8+".
std::string Size(const ComparedModel& model) {
  const size_t end = std::min(model.weights.find(' '), model.weights.size());
  return MetricText(model.size_mb, 1) + " " + model.weights.substr(0, end) + (end < model.weights.size() ? "+" : " ");
}

std::string MetricsTable(const Comparison& comparison, const ComparedModel* best) {
  size_t base_width = 0, rest = 0;
  std::vector<std::vector<std::string>> rows = {{"accuracy [95 %]", "macro-F1", "ms/text", "MB"}};
  for (const ComparedModel& model : comparison.models) {
    if (model.error) continue;
    base_width = std::max(base_width, DisplayWidth(Lasting(model.base_model)));
    rows.push_back({MetricText(model.metrics.accuracy) + " " + RangeText(model.metrics.accuracy_interval, 3),
                    MetricText(model.metrics.f1_macro), Milliseconds(model.single.p50), Size(model)});
  }
  base_width = std::clamp(base_width, std::string_view("base model").size(), kBaseWidth);
  for (size_t column = 0; column < rows[0].size(); ++column) {
    size_t widest = 0;
    for (const auto& row : rows) widest = std::max(widest, DisplayWidth(row[column]));
    rest += kSpaceBetween + widest;
  }
  const size_t name_width = kColumns - rest - 2 * kSpaceBetween - base_width - 2;
  TextTable table(2);
  size_t next = 0;
  const auto add = [&](std::string name, std::string base) {
    std::vector<std::string> row = {std::move(name), std::move(base)};
    row.insert(row.end(), rows[next].begin(), rows[next].end());
    table.Add(std::move(row));
    ++next;
  };
  add("  model", "base model");
  for (const ComparedModel& model : comparison.models) {
    if (!model.error) add(Named(model, best, name_width), ShownName(Lasting(model.base_model), base_width));
  }
  return table.Text();
}

/// The labels that the models have between them, in the order of the first that has them.
std::vector<std::string> AllLabels(const Comparison& comparison) {
  std::vector<std::string> labels;
  for (const ComparedModel& model : comparison.models) {
    for (const std::string& label : model.metrics.labels) {
      if (std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
      if (labels.size() > kMostLabels) return labels;
    }
  }
  return labels;
}

std::string LabelsTable(const Comparison& comparison, const ComparedModel* best) {
  const std::vector<std::string> labels = AllLabels(comparison);
  if (labels.empty() || labels.size() > kMostLabels) return "";
  const size_t name_width = kColumns - labels.size() * (kSpaceBetween + kLabelWidth) - kSpaceBetween - 2;
  TextTable table;
  std::vector<std::string> head = {"  model"};
  for (const std::string& label : labels) head.push_back(ShownName(label, kLabelWidth));
  table.Add(std::move(head));
  for (const ComparedModel& model : comparison.models) {
    if (model.error) continue;
    std::vector<std::string> row = {Named(model, best, name_width)};
    for (const std::string& label : labels) {
      const auto found = std::ranges::find(model.metrics.labels, label);
      const auto id = static_cast<size_t>(found - model.metrics.labels.begin());
      row.push_back(found == model.metrics.labels.end() ? "-" : MetricText(model.metrics.per_class[id].f1));
    }
    table.Add(std::move(row));
  }
  return "F1 by label\n" + table.Text();
}

std::string Failures(const Comparison& comparison) {
  std::string text;
  for (const ComparedModel& model : comparison.models) {
    if (!model.error) continue;
    text += fmt::format("    {}: {}\n", ShownName(model.name, kColumns), Printable(model.error->message));
    if (!model.error->hint.empty()) text += fmt::format("      {}\n", Printable(model.error->hint));
  }
  return text.empty() ? "" : "not evaluated\n" + text;
}

std::string Notes(const Comparison& comparison) {
  std::string text;
  for (const ComparedModel& model : comparison.models) {
    if (model.metrics.scope) {
      text += fmt::format("note: {}: {}\n", ShownName(model.name, kColumns), ScopeNote(*model.metrics.scope));
    }
  }
  for (const ComparedModel& model : comparison.models) {
    if (model.unknown_labels.empty()) continue;
    std::string labels;
    size_t shown = 0;
    for (const auto& [label, count] : model.unknown_labels) {
      if (++shown > 3) break;
      labels += (labels.empty() ? "" : ", ") + ShownName(label, kLabelWidth * 2);
    }
    if (shown > 3) labels += fmt::format(" and {} more", model.unknown_labels.size() - 3);
    const std::string name = ShownName(model.name, kColumns);
    text +=
        model.left_out > 0
            ? fmt::format(
                  "note: {} is evaluated on {} of {} rows; the other rows have labels that the model does "
                  "not have: {}\n",
                  name, model.metrics.count, model.rows(), labels)
            : fmt::format("note: {} of the {} texts have labels that {} does not have, and count as its errors: {}\n",
                          model.metrics.unknown, model.metrics.count, name, labels);
  }
  return text;
}

Json ModelJson(const ComparedModel& model) {
  Json json = {{"name", model.name}, {"bundle", model.bundle}};
  if (model.error) {
    json["error"] = {{"message", model.error->message}, {"hint", model.error->hint}};
    return json;
  }
  json["version"] = model.version;
  json["kind"] = model.kind;
  json["base_model"] = model.base_model;
  json["weights"] = model.weights;
  json["ms_per_text"] = model.single.p50;
  json["ms_p95"] = model.single.p95;
  json["size_mb"] = model.size_mb;
  json["left_out"] = model.left_out;
  json["unknown_labels"] = model.unknown_labels;
  json.update(ReportJson(model.metrics));
  return json;
}

}  // namespace

int64_t Comparison::rows() const {
  int64_t most = 0;
  for (const ComparedModel& model : models) most = std::max(most, model.rows());
  return most;
}

void Rank(Comparison& comparison) {
  std::ranges::sort(comparison.models, {}, [](const ComparedModel& model) {
    return std::tuple(model.error.has_value(), -model.metrics.f1_macro, -model.metrics.accuracy, model.size_mb,
                      model.name);
  });
}

const ComparedModel* BestOf(const Comparison& comparison) {
  const ComparedModel* best = nullptr;
  for (const ComparedModel& model : comparison.models) {
    if (!model.error && (best == nullptr || model.metrics.count > best->metrics.count)) best = &model;
  }
  return best;
}

std::string ComparisonText(const Comparison& comparison) {
  const ComparedModel* best = BestOf(comparison);
  std::vector<std::string> parts;
  if (best != nullptr) {
    parts.push_back(fmt::format("{} rows of {}{}, {} thread{}, mode {}\n", comparison.rows(),
                                comparison.part.empty() ? "" : "the test part of ",
                                ShownName(Lasting(comparison.data), kLabelWidth * 4), comparison.threads,
                                comparison.threads == 1 ? "" : "s", comparison.mode));
    parts.push_back(MetricsTable(comparison, best));
    parts.push_back(LabelsTable(comparison, best));
  }
  parts.push_back(Failures(comparison));
  parts.push_back(Notes(comparison));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() || part.empty() ? "" : "\n") + part;
  return text;
}

Json ComparisonJson(const Comparison& comparison) {
  const ComparedModel* best = BestOf(comparison);
  Json json = {
      {"timestamp", comparison.timestamp}, {"data", comparison.data},   {"data_sha256", comparison.data_sha256},
      {"filter", comparison.filter},       {"rows", comparison.rows()}, {"mode", comparison.mode},
      {"threads", comparison.threads},     {"cpu", CpuName()},          {"extensions", CpuExtensions()},
      {"version", WINNOW_VERSION},         {"best", nullptr},           {"models", Json::array()}};
  json["part"] = comparison.part.empty() ? Json() : Json(comparison.part);
  if (best != nullptr) json["best"] = best->name;
  for (const ComparedModel& model : comparison.models) json["models"].push_back(ModelJson(model));
  return json;
}

}  // namespace winnow
