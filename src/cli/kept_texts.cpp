#include "cli/kept_texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/json.h"

namespace winnow {

Result<Dataset> ReadKeptTexts(const std::filesystem::path& path, const BundleClassifier& classifier) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Fail(ErrorCode::kNotFound, path.string() + ": not there, so there are no held-out texts",
                "give labelled texts that training has not seen: winnow calibrate BUNDLE DATA, winnow quantize BUNDLE "
                "--data FILE");
  }
  Dataset dataset{.examples = {}, .labels = {classifier.labels()}, .multi_label = classifier.multi_label()};
  const std::string contents = TRY(ReadFile(path));
  size_t row = 0;
  for (size_t begin = 0; begin < contents.size();) {
    const size_t end = std::min(contents.find('\n', begin), contents.size());
    const std::string_view line = std::string_view(contents).substr(begin, end - begin);
    begin = end + 1;
    ++row;
    if (line.empty()) continue;
    const std::string where = fmt::format("{}, line {}", path.string(), row);
    const Json json = TRY(ParseJson(line, where));
    const JsonObject object = TRY(JsonObject::Of(json, where));
    Example example{.text = TRY(object.String("text")).value_or(""), .labels = {}, .file = path.string(), .row = row};
    const Json names = !json.contains("label")    ? Json::array()
                       : json["label"].is_array() ? json["label"]
                                                  : Json::array({json["label"]});
    for (const Json& name : names) {
      const int id = name.is_string() ? dataset.labels.Find(name.get<std::string>()) : -1;
      if (id < 0) return Fail(ErrorCode::kInvalidData, where + ": has a label that the model has not");
      example.labels.push_back(id);
    }
    std::ranges::sort(example.labels);
    const auto repeated = std::ranges::unique(example.labels);
    example.labels.erase(repeated.begin(), repeated.end());
    if (!dataset.multi_label && example.labels.size() != 1)
      return Fail(ErrorCode::kInvalidData, where + ": has not one label, but the model decides for one");
    dataset.examples.push_back(std::move(example));
  }
  if (dataset.examples.empty()) return Fail(ErrorCode::kInvalidData, path.string() + ": holds no texts");
  return dataset;
}

}  // namespace winnow
