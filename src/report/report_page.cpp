#include "report/report_page.h"

#include <fmt/format.h>

#include "report/report_style.h"
#include "report/shown_text.h"

namespace winnow {
namespace {

constexpr char kHead[] = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{}</title>
<style>{}</style>
</head>
<body>
<main>
)html";

}  // namespace

std::string ReportPageBegin(std::string_view title) {
  return fmt::format(fmt::runtime(kHead), HtmlText(title), kReportStyle);
}

std::string ReportPageEnd() { return "</main>\n</body>\n</html>\n"; }

}  // namespace winnow
