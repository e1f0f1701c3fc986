/// The sections of a report's page that show single texts: the errors, and the comparison with a second model.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "report/report_html_parts.h"
#include "report/report_words.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

constexpr size_t kErrorKinds = 7;  // number of kinds for which the style sheet has rules

std::string VerdictHtml(const std::string& decided, double confidence, const std::string& truth) {
  return fmt::format("{} confidence in <b class=\"wrong\">{}</b>, truth <b class=\"right\">{}</b>",
                     PercentText(confidence), HtmlName(decided), HtmlName(truth));
}

std::string Where(const ReportedText& text) {
  return fmt::format("<span class=\"where\">{}, row {}</span>", HtmlName(text.file), text.row);
}

std::string Message(const EvaluationReport& report, const ReportedText& text) {
  if (!report.with_texts) return "";
  return "<p class=\"message\" dir=\"auto\">" + HtmlMessage(text.text) + "</p>";
}

/// Returns the name of a metric as the page shows it.
std::string MetricName(const std::string& name) {
  if (name == "f1_macro") return "macro-F1";
  return name == "fpr" ? "false-positive rate" : name;
}

/// Returns the table and the results of McNemar's test, folded.
std::string McNemarDetails(const PairedComparison& paired, const std::string& first, const std::string& second) {
  const McNemar& test = paired.test;
  return "<details><summary>Statistical test</summary>\n" +
         HtmlTable(
             "Right and wrong predictions of both models",
             "<thead><tr><th scope=\"col\"></th><th scope=\"col\" class=\"label\">" + second +
                 " right</th><th scope=\"col\" class=\"label\">" + second + " wrong</th></tr></thead>\n<tbody>" +
                 fmt::format("<tr><th scope=\"row\" class=\"label\">{} right</th><td>{}</td><td>{}</td></tr>\n"
                             "<tr><th scope=\"row\" class=\"label\">{} wrong</th><td>{}</td><td>{}</td></tr></tbody>",
                             first, paired.both_right, test.only_first, first, test.only_second, paired.both_wrong)) +
         fmt::format(
             "<p class=\"note\">Exact McNemar test (1947): p = {:.3g}. Chi-squared approximation with Edwards&#39; "
             "continuity correction (1948): {:.3f}.</p>\n</details>\n",
             test.p_value, test.chi_squared);
}

/// Returns the kinds of the shown errors with their numbers, most errors first. If there are more kinds than can be
/// chosen, the rarest are joined.
std::vector<std::pair<std::string, int>> ErrorKinds(const EvaluationReport& report) {
  std::vector<std::pair<std::string, int>> kinds;
  for (const ReportedText& text : report.errors) {
    const std::string kind = ErrorKind(report, text);
    const auto found = std::ranges::find(kinds, kind, &std::pair<std::string, int>::first);
    if (found == kinds.end()) {
      kinds.emplace_back(kind, 1);
    } else {
      ++found->second;
    }
  }
  std::ranges::stable_sort(kinds, std::greater<>(), &std::pair<std::string, int>::second);
  if (kinds.size() > kErrorKinds) {
    for (size_t i = kErrorKinds; i < kinds.size(); ++i) kinds[kErrorKinds - 1].second += kinds[i].second;
    kinds.resize(kErrorKinds);
    kinds.back().first = "others";
  }
  return kinds;
}

/// Returns buttons that choose which errors are shown. The style sheet hides the others, so that no script is needed.
std::string ErrorFilter(const std::vector<std::pair<std::string, int>>& kinds, size_t all) {
  const auto button = [](const std::string& id, const std::string& name, size_t count, bool checked) {
    return fmt::format(
        "<input type=\"radio\" name=\"kind\" id=\"kind-{0}\"{1}><label for=\"kind-{0}\">{2} ({3})</label>\n", id,
        checked ? " checked" : "", HtmlName(name), count);
  };
  std::string html = button("all", "all", all, true);
  for (size_t i = 0; i < kinds.size(); ++i) {
    html += button(std::to_string(i), kinds[i].first, static_cast<size_t>(kinds[i].second), false);
  }
  return html;
}

}  // namespace

std::string HtmlErrors(const EvaluationReport& report) {
  std::string html = "<h2>Most confident errors</h2>\n";
  if (report.error_count == 0) return html + "<p>There are no errors: every text was assigned its true label.</p>\n";
  if (report.error_count == 1) {
    html += "<p>The only error.";
  } else if (report.errors.size() < static_cast<size_t>(report.error_count)) {
    html += fmt::format("<p>{} of {} errors, most confident first.", report.errors.size(), report.error_count);
  } else {
    html += fmt::format("<p>All {} errors, most confident first.", report.error_count);
  }
  html += " Such errors are often caused by a wrong label in the data.</p>\n<div class=\"filter\">\n";
  const std::vector<std::pair<std::string, int>> kinds = ErrorKinds(report);
  if (kinds.size() > 1) html += ErrorFilter(kinds, report.errors.size());
  html += "<ol class=\"texts\">\n";
  for (const ReportedText& text : report.errors) {
    const auto kind = std::ranges::find(kinds, ErrorKind(report, text), &std::pair<std::string, int>::first);
    const auto number = std::min(kind - kinds.begin(), std::ssize(kinds) - 1);  // the last: "others"
    html +=
        fmt::format("<li class=\"kind-{}\"><div class=\"verdict\">", number) +
        VerdictHtml(LabelNames(text.decided, report.metrics.labels), text.confidence, TrueLabelNames(report, text)) +
        "</div>" + Where(text) + Message(report, text) + "</li>\n";
  }
  return html + "</ol>\n</div>\n";
}

std::string HtmlComparison(const EvaluationReport& report) {
  const ComparedSection& against = *report.against;
  const std::string first = HtmlName(report.model.name), second = HtmlName(against.model.name);
  std::string html = "<h2>" + first + " compared with " + second + "</h2>\n<p>" +
                     HtmlText(VerdictOf(against.paired, report.model.name, against.model.name)) + "</p>\n";
  std::string rows =
      "<thead><tr><th scope=\"col\">metric</th><th scope=\"col\" class=\"label\">" + first +
      "</th><th scope=\"col\" class=\"label\">" + second +
      "</th><th scope=\"col\">difference</th><th scope=\"col\">95 % interval</th><th scope=\"col\">p</th><th scope=\"col\" "
      "class=\"label left\">" +
      first + " is</th></tr></thead>\n<tbody>";
  for (const ComparedMetric& metric : ComparedMetrics(against.paired)) {
    const std::string_view mark = metric.verdict == "better" ? "▲ " : metric.verdict == "worse" ? "▼ " : "";
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{:+.2f}</td><td>{}</td><td>{}</td><td class=\"left\">{}{}</td></tr>\n",
        MetricName(metric.name), PercentText(metric.first), PercentText(metric.second), 100 * metric.difference,
        metric.interval ? fmt::format("{:+.2f} to {:+.2f}", 100 * metric.interval->low, 100 * metric.interval->high)
                        : "",
        HtmlText(PValueText(metric.p_value)), mark, metric.verdict);
  }
  html += HtmlTable("Metrics of both models", rows + "</tbody>");
  html += "<p class=\"note\">Differences are in percentage points: " + first + " minus " + second +
          ". A lower false-positive rate is better, all other metrics are better when higher. " +
          HtmlText(kComparedNote) + "</p>\n";
  html += McNemarDetails(against.paired, first, second);
  if (against.texts.empty()) return html;
  html += fmt::format(
      "<details><summary>{} of {} texts that only one model classified correctly</summary>\n<ol class=\"texts\">\n",
      against.texts.size(), against.paired.differing.size());
  for (const ReportedText& text : against.texts) {
    std::string by_second;
    for (const std::string& label : text.second_decided) by_second += (by_second.empty() ? "" : ", ") + label;
    html += fmt::format(
        "<li><div class=\"verdict\">truth <b class=\"right\">{}</b>; {}: {} ({}), {}: {} ({})</div>{}{}</li>\n",
        HtmlName(TrueLabelNames(report, text)), first, HtmlName(LabelNames(text.decided, report.metrics.labels)),
        PercentText(text.confidence), second, HtmlName(by_second.empty() ? "none" : by_second),
        PercentText(text.second_confidence), Where(text), Message(report, text));
  }
  return html + "</ol></details>\n";
}

}  // namespace winnow
