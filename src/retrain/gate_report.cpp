#include "retrain/gate_report.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/json_or_null.h"
#include "base/log.h"
#include "report/report_files.h"
#include "report/report_html_parts.h"
#include "report/report_page.h"
#include "report/report_words.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

std::string StateOf(const GateCondition& condition) {
  return !condition.measured ? "not measured" : condition.held ? "held" : "failed";
}

std::string OutcomeText(const GateReport& report) {
  const size_t failed = report.Failed().size();
  if (report.passed) return "The challenger passes: all conditions hold.";
  return fmt::format("The challenger does not pass: {} condition{} failed.", failed, failed == 1 ? "" : "s");
}

Json ConditionJson(const GateCondition& condition) {
  Json json = {{"name", condition.name},
               {"held", condition.held},
               {"measured", condition.measured},
               {"found", condition.sentence},
               {"champion", OrNull(condition.champion)},
               {"challenger", OrNull(condition.challenger)},
               {"bound", OrNull(condition.bound)},
               {"missed_by", condition.missed_by}};
  if (condition.test) {
    json["mcnemar"] = {{"only_champion", condition.test->only_first},
                       {"only_challenger", condition.test->only_second},
                       {"p_value", condition.test->p_value}};
  }
  if (!condition.slices.empty()) {
    Json slices = Json::array();
    for (const SliceOutcome& slice : condition.slices)
      slices.push_back({{"name", slice.name},
                        {"count", slice.count},
                        {"champion", slice.champion},
                        {"challenger", slice.challenger},
                        {"p_value", slice.p_value},
                        {"held", slice.held}});
    json["slices"] = slices;
  }
  if (!condition.wrong.empty()) {
    Json wrong = Json::array();
    for (const MustPassOutcome& text : condition.wrong)
      wrong.push_back({{"line", text.line},
                       {"text", text.text},
                       {"expected", text.expected},
                       {"decided", text.decided},
                       {"note", text.note}});
    json["wrong"] = wrong;
  }
  return json;
}

std::string SlicesHtml(const GateCondition& condition) {
  std::string rows =
      "<thead><tr><th scope=\"col\">slice</th><th scope=\"col\">texts</th><th scope=\"col\">champion</th>"
      "<th scope=\"col\">challenger</th><th scope=\"col\">p</th><th scope=\"col\">condition</th></tr></thead>\n<tbody>";
  for (const SliceOutcome& slice : condition.slices) {
    rows += fmt::format(
        "<tr><th scope=\"row\" class=\"label\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{:.2g}</td><td>{}</td></tr>\n",
        HtmlName(slice.name), slice.count, PercentText(slice.champion), PercentText(slice.challenger), slice.p_value,
        slice.held ? "held" : "failed");
  }
  return fmt::format("<h2>Accuracy by {}</h2>\n", HtmlText(condition.name.substr(sizeof("slices by ") - 1))) +
         HtmlTable("Accuracy of " + HtmlText(condition.name), rows + "</tbody>");
}

std::string WrongHtml(const GateCondition& condition) {
  std::string rows =
      "<thead><tr><th scope=\"col\">line</th><th scope=\"col\">text</th><th scope=\"col\">expected</th><th "
      "scope=\"col\">decided</th></tr></thead>\n<tbody>";
  for (const MustPassOutcome& text : condition.wrong) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"left\">{}</td><td>{}</td><td>{}</td></tr>\n",
                        text.line, HtmlMessage(text.text), HtmlName(text.expected), HtmlName(text.decided));
  }
  return "<h2>Texts of the must-pass list that are decided wrongly</h2>\n" +
         HtmlTable("Must-pass list", rows + "</tbody>");
}

}  // namespace

std::string GateText(const GateReport& report) {
  std::string text = fmt::format("{} against {}: {}\n", ShownText(report.challenger), ShownText(report.champion),
                                 report.passed ? "passed" : "not passed");
  for (const GateCondition& condition : report.conditions) {
    text += fmt::format("  {:<13} {}: {}\n", StateOf(condition), ShownText(condition.name),
                        ShownText(condition.sentence, {.most = 4000}));
  }
  for (const std::string& note : report.notes) text += "  note: " + ShownText(note) + "\n";
  return text;
}

Json GateJson(const GateReport& report) {
  Json conditions = Json::array();
  for (const GateCondition& condition : report.conditions) conditions.push_back(ConditionJson(condition));
  return {{"champion", report.champion}, {"challenger", report.challenger}, {"passed", report.passed},
          {"failed", report.Failed()},   {"conditions", conditions},        {"notes", report.notes}};
}

std::string GateHtml(const GateReport& report) {
  const std::string title = report.challenger + " against " + report.champion;
  std::string html = ReportPageBegin("Gate: " + title);
  html += "<h1>Gate</h1>\n<p class=\"lead\">Challenger " + HtmlName(report.challenger) + ", champion " +
          HtmlName(report.champion) + ".</p>\n";
  html += fmt::format("<p class=\"outcome {}\">{}</p>\n", report.passed ? "better" : "worse", OutcomeText(report));
  std::string rows =
      "<thead><tr><th scope=\"col\">condition</th><th scope=\"col\">result</th><th scope=\"col\">found</th></tr></thead>\n"
      "<tbody>";
  for (const GateCondition& condition : report.conditions) {
    rows += fmt::format("<tr><th scope=\"row\" class=\"label\">{}</th><td>{}</td><td class=\"left\">{}</td></tr>\n",
                        HtmlName(condition.name), StateOf(condition), HtmlText(condition.sentence, {.most = 4000}));
  }
  html += "<h2>Conditions</h2>\n" + HtmlTable("Conditions", rows + "</tbody>");
  for (const std::string& note : report.notes) html += "<p class=\"note\">" + HtmlText(note) + "</p>\n";
  for (const GateCondition& condition : report.conditions) {
    if (!condition.slices.empty()) html += SlicesHtml(condition);
    if (!condition.wrong.empty()) html += WrongHtml(condition);
  }
  return html + ReportPageEnd();
}

Result<void> WriteGateReport(const GateReport& report, const std::filesystem::path& directory) {
  TRY(PrepareReportDirectory(directory));
  TRY(WriteFileAtomically(directory / "gate.json", GateJson(report).dump(1) + "\n"));
  TRY(WriteFileAtomically(directory / "gate.html", GateHtml(report)));
  LogInfo("wrote the report of the gate to {}", (directory / "gate.html").string());
  return {};
}

}  // namespace winnow
