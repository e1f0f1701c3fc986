#include "filter/rules_edit.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "base/lines.h"
#include "filter/rule.h"
#include "filter/rule_texts.h"

namespace winnow {
namespace {

/// A rule in a text: from its first line up to that of the next one, or the end.
struct Span {
  std::string name;
  size_t line = 0;  // counted from 1
  size_t begin = 0, end = 0;
};

size_t OffsetOfLine(std::string_view text, size_t line) {
  size_t offset = 0;
  for (size_t i = 1; i < line; ++i) offset = std::min(text.find('\n', offset), text.size() - 1) + 1;
  return offset;
}

Result<std::vector<Span>> SpansOf(std::string_view contents, const std::string& file) {
  const RulesFile parsed = TRY(ParseRulesFile(contents, file));
  std::vector<Span> spans;
  for (const Rule& rule : parsed.rules) spans.push_back({rule.name, rule.line});
  for (const Composite& composite : parsed.composites) spans.push_back({composite.name, composite.line});
  std::ranges::sort(spans, {}, &Span::line);
  for (Span& span : spans) span.begin = OffsetOfLine(contents, span.line);
  for (size_t i = 0; i < spans.size(); ++i) spans[i].end = i + 1 < spans.size() ? spans[i + 1].begin : contents.size();
  return spans;
}

Result<std::optional<Span>> Find(std::string_view contents, const std::string& file, std::string_view name) {
  const std::vector<Span> spans = TRY(SpansOf(contents, file));
  const auto found = std::ranges::find(spans, name, &Span::name);
  return found == spans.end() ? std::nullopt : std::optional(*found);
}

std::string_view Trimmed(std::string_view text) { return Trim(text, " \t\r\n"); }

std::string TextOf(std::string_view contents, const Span& span) {
  return std::string(Trimmed(contents.substr(span.begin, span.end - span.begin))) + "\n";
}

/// Returns true if the text, which is valid, has another table than [[rule]] and [[composite]], even an empty one.
bool HasSections(std::string_view text) {
  const toml::table table = toml::parse(text);
  return std::ranges::any_of(table,
                             [](const auto& entry) { return entry.first != "rule" && entry.first != "composite"; });
}

}  // namespace

Result<RuleText> ReadRuleText(std::string_view text) {
  const std::string file(kRuleTextFile);
  text = WithoutByteOrderMark(text);  // a line may be put before it
  const std::vector<Span> spans = TRY(SpansOf(text, file));
  if (spans.size() != 1) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}, line {}: expected one rule, found {}", file, spans.size() < 2 ? 1 : spans[1].line,
                            spans.size()),
                "begin the rule with the line [[rule]], or a combination of rules with [[composite]]");
  }
  if (HasSections(text)) {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}, line 1: only [[rule]] and [[composite]] are allowed", file),
                "groups, actions and weights belong into the server's own file of rules");
  }
  const size_t begin = spans.front().begin;
  const std::string_view above = Trimmed(text.substr(0, begin)), rule = Trimmed(text.substr(begin));
  if (!rule.starts_with("[[")) {  // rule = [{name = "A", ...}], which cannot stand in a file with others
    return Fail(ErrorCode::kInvalidData, fmt::format("{}, line 1: the rule is an inline table", file),
                "begin the rule with the line [[rule]], or a combination of rules with [[composite]]");
  }
  RuleText read{spans.front().name, std::string(rule) + "\n"};
  if (!above.empty()) read.text.insert(std::min(rule.find('\n'), rule.size()) + 1, std::string(above) + "\n");
  return read;
}

Result<std::string> FindRuleText(std::string_view contents, const std::string& file, std::string_view name) {
  const std::optional<Span> span = TRY(Find(contents, file, name));
  return span ? TextOf(contents, *span) : std::string();
}

Result<std::map<std::string, std::string>> RuleTexts(std::string_view contents, const std::string& file) {
  std::map<std::string, std::string> texts;
  for (const Span& span : TRY(SpansOf(contents, file))) texts.emplace(span.name, TextOf(contents, span));
  return texts;
}

Result<std::string> WithRule(std::string_view contents, const std::string& file, const RuleText& rule) {
  const std::optional<Span> span = TRY(Find(contents, file, rule.name));
  const size_t begin = span ? span->begin : contents.size(), end = span ? span->end : contents.size();
  std::string changed(Trimmed(contents.substr(0, begin)));
  if (!changed.empty()) changed += "\n\n";
  changed += rule.text;
  const std::string_view rest = Trimmed(contents.substr(end));
  if (!rest.empty()) changed += "\n" + std::string(rest) + "\n";
  return changed;
}

Result<std::string> WithoutRule(std::string_view contents, const std::string& file, std::string_view name) {
  const std::optional<Span> span = TRY(Find(contents, file, name));
  if (!span)
    return Fail(ErrorCode::kNotFound, fmt::format("{} has no rule '{}'", file, name),
                "check the name of the rule; case matters");
  std::string changed(Trimmed(contents.substr(0, span->begin)));
  const std::string_view rest = Trimmed(contents.substr(span->end));
  if (!changed.empty()) changed += "\n";
  if (!rest.empty()) changed += (changed.empty() ? "" : "\n") + std::string(rest) + "\n";
  return changed;
}

}  // namespace winnow
