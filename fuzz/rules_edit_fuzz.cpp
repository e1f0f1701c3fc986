// Any text as one rule, and as a file of rules that a program changes: a rule that was put into a file is found in it,
// the file is one of rules, and without the rule it is as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "filter/js_patterns.h"
#include "filter/must_pass.h"
#include "filter/pattern_facts.h"
#include "filter/rule.h"
#include "filter/rules_edit.h"
#include "input_bytes.h"

namespace {

size_t CountOf(const std::string& contents) {
  const auto file = winnow::ParseRulesFile(contents, "fuzz");
  if (!file) std::abort();
  return file->rules.size() + file->composites.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  winnow::InputBytes input(data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(winnow::FactsOf(text));
  static_cast<void>(winnow::JsObstacle(text));
  if (const auto cases = winnow::ParseMustPass(text, "fuzz")) {
    for (const winnow::MustPassCase& each : *cases) {
      const auto again = winnow::ParseMustPass(winnow::MustPassLine(each), "fuzz");
      if (!again || again->size() != 1 || again->front().message.text != each.message.text ||
          again->front().spam != each.spam)
        std::abort();
    }
  }

  const std::string_view rule_text = input.Until('\0');
  const auto rule = winnow::ReadRuleText(rule_text);
  if (!rule) return 0;
  const auto read = winnow::ReadRuleText(rule->text);
  if (!read || read->name != rule->name || read->text != rule->text) std::abort();
  std::string contents(input.Rest());
  const auto file = winnow::ParseRulesFile(contents, "fuzz");
  // Files that a program changes have no inline tables.
  if (!file || contents.find('{') != std::string::npos) contents.clear();
  const auto with = winnow::WithRule(contents, "fuzz", *rule);
  if (!with) return 0;
  const auto found = winnow::FindRuleText(*with, "fuzz", rule->name);
  if (!found || *found != rule->text) std::abort();
  const size_t count = CountOf(*with);
  const auto without = winnow::WithoutRule(*with, "fuzz", rule->name);
  if (!without || CountOf(*without) + 1 != count) std::abort();
  if (const auto gone = winnow::FindRuleText(*without, "fuzz", rule->name); !gone || !gone->empty()) std::abort();
  return 0;
}
