#include "server/rule_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

namespace winnow {
namespace {

template <typename T>
Json CommonJson(const T& entry, std::string_view kind, const std::vector<std::string>& conditions) {
  return {{"name", entry.name},
          {"description", entry.description},
          {"kind", kind},
          {"conditions", conditions},
          {"score", entry.score},
          {"group", entry.group.empty() ? Json() : Json(entry.group)},
          {"tags", entry.tags},
          {"enabled", entry.enabled},
          {"file", std::filesystem::path(entry.file).filename().string()},
          {"line", entry.line}};
}

/// Returns "at least 1", "at most 5", "from 1 to 5"; empty without bounds.
std::string BoundsText(const std::optional<uint64_t>& least, const std::optional<uint64_t>& most) {
  if (least && most)
    return *least == *most ? fmt::format("exactly {}", *least) : fmt::format("from {} to {}", *least, *most);
  if (least) return fmt::format("at least {}", *least);
  return most ? fmt::format("at most {}", *most) : "";
}

}  // namespace

Json RuleJson(const Rule& rule) {
  std::vector<std::string> conditions;
  const std::string field = rule.field.Text();
  if (rule.pattern) {
    conditions.push_back(
        fmt::format("{} matches {}{}", field, *rule.pattern, rule.fold ? " after obfuscations are folded" : ""));
  }
  if (rule.exists) conditions.push_back(fmt::format("the message has the field {}", rule.exists->Text()));
  if (!rule.domains.empty())
    conditions.push_back(
        fmt::format("{} is one of these domains or below it: {}", field, fmt::join(rule.domains, ", ")));
  if (const std::string links = BoundsText(rule.min_links, rule.max_links); !links.empty())
    conditions.push_back(fmt::format("the number of links is {}", links));
  if (const std::string length = BoundsText(rule.min_length, rule.max_length); !length.empty())
    conditions.push_back(fmt::format("{} has {} characters", field, length));
  return CommonJson(rule, "rule", conditions);
}

Json RuleJson(const Composite& composite) {
  std::vector<std::string> conditions = {composite.expression.text()};
  Json json = CommonJson(composite, "composite", conditions);
  json["replaces"] = composite.replaces;
  return json;
}

Json RuleSchema() {
  return ParsedJson(R"({"type": "object",
    "required": ["name", "description", "kind", "conditions", "score", "group", "tags", "enabled", "file", "line", "editable", "rule", "hits", "spam_hits"],
    "properties": {
      "name": {"type": "string", "description": "Name of the rule"},
      "description": {"type": "string", "description": "What it finds"},
      "kind": {"enum": ["rule", "composite"], "description": "composite: a combination of rules"},
      "conditions": {"type": "array", "items": {"type": "string"}, "description": "What must all hold, in words; of a composite: its expression"},
      "score": {"type": "number", "description": "More than 0: evidence of spam"},
      "group": {"type": ["string", "null"], "description": "Group whose scores are bounded together"},
      "tags": {"type": "array", "items": {"type": "string"}, "description": "Tags of the rule"},
      "replaces": {"type": "array", "items": {"type": "string"}, "description": "Of a composite: the rules that have no score if it holds"},
      "enabled": {"type": "boolean", "description": "Whether the rule is in use"},
      "file": {"type": "string", "description": "Name of its file"},
      "line": {"type": "integer", "description": "Line in its file"},
      "editable": {"type": "boolean", "description": "Whether the API can change it"},
      "rule": {"type": ["string", "null"], "description": "TOML text of an editable rule"},
      "hits": {"type": ["integer", "null"], "description": "Number of messages of the history that it hit; null without a store"},
      "spam_hits": {"type": ["integer", "null"], "description": "Number of these that were judged spam"},
      "known_spam": {"type": ["integer", "null"], "description": "Number of these that people have called spam"},
      "known_ham": {"type": ["integer", "null"], "description": "Number of these that people have called ham"}}})");
}

}  // namespace winnow
