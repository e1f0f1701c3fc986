#include "data/labels.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "base/json.h"
#include "base/lines.h"
#include "base/names.h"
#include "base/parse_number.h"
#include "data/text_stream.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr const char* kHint =
    R"(expected {"id2label": {"0": "ham", "1": "spam"}}, ["ham", "spam"], or one label per line)";

Result<LabelSet> FromIds(const std::string& file, const std::map<int64_t, std::string>& by_id) {
  LabelSet labels;
  for (const auto& [id, name] : by_id) {
    if (id != static_cast<int64_t>(labels.names.size())) {
      return Fail(ErrorCode::kInvalidData,
                  file + ": label ids must be 0 to " + std::to_string(by_id.size() - 1) +
                      ", each exactly once; found " + std::to_string(id),
                  kHint);
    }
    labels.names.push_back(name);
  }
  return labels;
}

Result<LabelSet> FromJson(const std::string& file, std::string_view text) {
  const auto bad = [&](const std::string& why) { return Fail(ErrorCode::kInvalidData, file + ": " + why, kHint); };
  const Result<Json> parsed = ParseJsonLeniently(text);
  if (!parsed) return bad("begins like JSON but is not valid JSON");
  const Json& json = *parsed;
  std::map<int64_t, std::string> by_id;
  if (json.is_object() && json.contains("id2label") && json["id2label"].is_object()) {
    for (const auto& [key, name] : json["id2label"].items()) {
      const auto id = ParseNumber<int64_t>(key);
      if (!id || !name.is_string()) return bad("id2label: '" + key + "' is not a label id");
      by_id[*id] = name.get<std::string>();
    }
    return FromIds(file, by_id);
  }
  const Json* list = &json;
  if (json.is_object()) {
    for (const char* key : {"classes", "labels", "id2label"}) {
      if (json.contains(key) && json[key].is_array()) list = &json[key];
    }
  }
  if (list->is_array()) {
    LabelSet labels;
    for (const auto& name : *list) {
      if (!name.is_string() && !name.is_number_integer()) return bad("a label is not a string");
      labels.names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
    }
    return labels;
  }
  if (json.is_object() && json.contains("label2id") && json["label2id"].is_object()) {
    for (const auto& [name, id] : json["label2id"].items()) {
      if (!id.is_number_integer()) return bad("label2id: '" + name + "' is not mapped to a whole number");
      if (!by_id.emplace(id.get<int64_t>(), name).second) return bad("label2id: two labels have id " + id.dump());
    }
    return FromIds(file, by_id);
  }
  return bad("contains no labels");
}

}  // namespace

int LabelSet::Find(std::string_view name) const {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

void SortLabels(std::vector<std::string>& names) {
  const bool numbers = std::ranges::all_of(names, [](const std::string& name) {
    const auto number = ParseNumber<int64_t>(name);
    return number && std::to_string(*number) == name;
  });
  std::ranges::sort(names, [&](const std::string& a, const std::string& b) {
    return numbers ? *ParseNumber<int64_t>(a) < *ParseNumber<int64_t>(b) : a < b;
  });
}

std::string SomeNames(const std::vector<std::string>& names) { return FirstNames(names, 10); }

Result<LabelSet> ReadLabels(const std::filesystem::path& path) {
  TextStream stream = TRY(TextStream::Open(path));
  std::string text;
  do {
    text += stream.buffered();
    stream.Consume(stream.buffered().size());
    if (text.size() > (size_t{16} << 20)) {
      return Fail(ErrorCode::kInvalidData, stream.name() + ": the list of labels is larger than 16 MiB", kHint);
    }
  } while (TRY(stream.Fill()));

  LabelSet labels;
  const std::string_view trimmed = TrimAscii(text);
  if (trimmed.starts_with('{') || trimmed.starts_with('[')) {
    labels = TRY(FromJson(stream.name(), trimmed));
  } else {
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view line = TrimAscii(TakeLine(rest));
      if (!line.empty()) labels.names.emplace_back(line);
    }
  }
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : labels.names) {
    if (!seen.insert(name).second) {
      return Fail(ErrorCode::kInvalidData, stream.name() + ": the label '" + name + "' occurs twice", kHint);
    }
    if (name.empty()) return Fail(ErrorCode::kInvalidData, stream.name() + ": has a label without a name", kHint);
  }
  if (labels.names.empty()) return Fail(ErrorCode::kInvalidData, stream.name() + ": contains no labels", kHint);
  return labels;
}

}  // namespace winnow
