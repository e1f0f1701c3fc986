#include "review/label_log.h"

#include <fmt/format.h>

#include <system_error>

#include "base/files.h"
#include "base/json_strings.h"
#include "base/log.h"

namespace winnow {
namespace {

Json DecisionJson(const LabelDecision& decision) {
  Json json = {{"item", decision.item}};
  if (decision.label) {
    json["label"] = *decision.label;
  } else {
    json["skip"] = true;
  }
  if (decision.blind) json["blind"] = true;
  return json;
}

Result<LabelDecision> DecisionOf(const Json& json) {
  const JsonObject object = TRY(JsonObject::Of(json, "decision"));
  const std::optional<int64_t> item = TRY(object.Integer("item"));
  if (!item || *item < 0) return Fail(ErrorCode::kInvalidData, "a decision has no item");
  LabelDecision decision{.item = static_cast<size_t>(*item)};
  decision.label = TRY(object.String("label"));
  decision.blind = TRY(object.Bool("blind")).value_or(false);
  return decision;
}

}  // namespace

Json LogEntry::ToJson() const {
  Json json = {{"time", time}};
  if (!reviewer.empty()) json["reviewer"] = reviewer;
  switch (kind) {
    case Kind::kLabels: {
      Json list = Json::array();
      for (const LabelDecision& decision : decisions) list.push_back(DecisionJson(decision));
      json["labels"] = std::move(list);
      break;
    }
    case Kind::kUndo:
      json["undo"] = true;
      break;
    case Kind::kAddLabels:
      json["add"] = Json(add);
      break;
    case Kind::kEstimate:
      json["estimate"] = {{"labels", labelled}, {"f1_macro", f1_macro}};
      break;
  }
  return json;
}

Result<LogEntry> LogEntry::FromJson(const Json& json) {
  const JsonObject object = TRY(JsonObject::Of(json, "entry"));
  LogEntry entry;
  entry.reviewer = TRY(object.String("reviewer")).value_or("");
  entry.time = TRY(object.Integer("time")).value_or(0);
  if (const Json* labels = json.Find("labels"); labels != nullptr && labels->is_array()) {
    for (const Json& each : *labels) entry.decisions.push_back(TRY(DecisionOf(each)));
    return entry;
  }
  if (TRY(object.Bool("undo")).value_or(false)) {
    entry.kind = Kind::kUndo;
    return entry;
  }
  if (const Json* add = json.Find("add"); add != nullptr && add->is_array()) {
    entry.kind = Kind::kAddLabels;
    std::optional<std::vector<std::string>> names = StringsOf(*add);
    if (!names) return Fail(ErrorCode::kInvalidData, "the name of a label is not a text");
    entry.add = *std::move(names);
    return entry;
  }
  if (const Json* estimate = json.Find("estimate"); estimate != nullptr) {
    const JsonObject values = TRY(JsonObject::Of(*estimate, "estimate"));
    entry.kind = Kind::kEstimate;
    entry.labelled = static_cast<size_t>(TRY(values.Integer("labels")).value_or(0));
    entry.f1_macro = TRY(values.Number("f1_macro")).value_or(0);
    return entry;
  }
  return Fail(ErrorCode::kInvalidData, "neither labels, undo, add nor estimate");
}

Result<void> AppendEntry(const std::filesystem::path& file, const LogEntry& entry) {
  return AppendLine(file, DumpJsonLine(entry.ToJson()));
}

Result<void> ReadEntries(const std::filesystem::path& file, const std::function<Result<void>(const LogEntry&)>& take) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return {};
  const std::string text = TRY(ReadFile(file));
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    ++number;
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    // An unfinished line that the next writer has ended was never acknowledged either.
    const Result<Json> json = ParseJson(line, "line");
    if (!json) {
      LogWarning("{}:{}: a line that was cut off is left out", file.string(), number);
      continue;
    }
    const Result<LogEntry> entry = LogEntry::FromJson(*json);
    if (!entry) {
      return Fail(ErrorCode::kInvalidData, fmt::format("{}:{}: {}", file.string(), number, entry.error().message));
    }
    TRY(take(*entry));
  }
  return {};
}

}  // namespace winnow
