#include "bundle/calibration_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/files.h"
#include "base/json.h"
#include "base/json_strings.h"

namespace winnow {
namespace {

Result<CalibrationText> ParseLine(std::string_view line, const std::string& where) {
  const Json json = TRY(ParseJson(line, where));
  const JsonObject object = TRY(JsonObject::Of(json, where));
  CalibrationText text{.text = TRY(object.String("text")).value_or(""), .labels = {}};
  const Json names = !json.contains("label")    ? Json::array()
                     : json["label"].is_array() ? json["label"]
                                                : Json::array({json["label"]});
  std::optional<std::vector<std::string>> labels = StringsOf(names);
  if (!labels) return Fail(ErrorCode::kInvalidData, where + ": a label is not a string");
  text.labels = *std::move(labels);
  return text;
}

}  // namespace

Result<std::vector<CalibrationText>> ReadCalibrationTexts(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return Fail(
        ErrorCode::kNotFound,
        fmt::format("{}: the model has no calibration texts (there is no {})", file.parent_path().string(),
                    kCalibrationTextsFile),
        "give labelled texts that the model was not trained on: winnow calibrate BUNDLE DATA, or winnow quantize "
        "BUNDLE --data FILE");
  }
  const std::string contents = TRY(ReadFile(file));
  std::vector<CalibrationText> texts;
  size_t row = 0;
  for (size_t begin = 0; begin < contents.size();) {
    const size_t end = std::min(contents.find('\n', begin), contents.size());
    const std::string_view line = std::string_view(contents).substr(begin, end - begin);
    begin = end + 1;
    ++row;
    if (line.empty()) continue;
    texts.push_back(TRY(ParseLine(line, fmt::format("{}, line {}", file.string(), row))));
    texts.back().line = row;
  }
  if (texts.empty())
    return Fail(ErrorCode::kInvalidData, file.string() + ": the file contains no texts",
                "specify labelled texts that the model was not trained on");
  return texts;
}

Result<void> WriteCalibrationTexts(const std::filesystem::path& bundle, std::span<const CalibrationText> texts,
                                   bool multi_label) {
  std::string lines;
  for (const CalibrationText& text : texts) {
    const Json label = multi_label ? Json(text.labels) : Json(text.labels.front());
    lines += DumpJsonLine({{"text", text.text}, {"label", label}}) + "\n";
  }
  return WriteFileAtomically(bundle / kCalibrationTextsFile, lines);
}

}  // namespace winnow
