// Any text as one of the small files of a bundle: labels, training information, calibration texts, the rule for
// out-of-scope texts; and the changes of single members of a JSON file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/json_depth.h"
#include "base/json_edit.h"
#include "bundle/calibration_texts.h"
#include "bundle/labels.h"
#include "bundle/training_info.h"
#include "classify/scope_rule.h"
#include "input_bytes.h"
#include "input_files.h"

namespace {

void ReadJson(std::string_view text) {
  const auto json = winnow::ParseJson(text, "fuzz");
  if (json) {
    if (winnow::NestsDeeperThan(text, 10'000)) std::abort();
    const auto again = winnow::ParseJson(winnow::DumpJsonLine(*json), "fuzz");
    if (!again || !(*again == *json)) std::abort();
  }
  static_cast<void>(winnow::ParseJsonLeniently(text));
  // A member that was replaced is read as its new value, and the text stays JSON.
  const auto changed = winnow::WithMember(text, "a", winnow::Json(7), "fuzz");
  if (!changed) return;
  const auto member = winnow::MemberText(*changed, "a", "fuzz");
  if (!member || !*member || **member != "7") std::abort();
  if (json && !winnow::ParseJson(*changed, "fuzz")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const winnow::MemoryFile kFile;
  static const std::string kLabels[] = {"ham", "spam"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  kFile.Set(text);
  static_cast<void>(winnow::ReadLabelsFile(kFile.path()));
  if (const auto texts = winnow::ReadCalibrationTexts(kFile.path()); texts && texts->empty()) std::abort();
  static_cast<void>(winnow::ReadScopeRule(kFile.path(), kLabels));
  if (const auto info = winnow::ParseTrainingInfo(text, "fuzz")) {
    if (!winnow::ParseTrainingInfo(winnow::DumpJsonLine(winnow::TrainingInfoJson(*info)), "fuzz")) std::abort();
  }
  ReadJson(text);

  // A rule is a safetensors file, whose header needs its length.
  winnow::InputBytes input(data, size);
  const std::string_view header = input.Until('\n');
  std::string file;
  for (int shift = 0; shift < 64; shift += 8) file += static_cast<char>(uint64_t{header.size()} >> shift & 0xff);
  kFile.Set(file.append(header).append(input.Rest()));
  static_cast<void>(winnow::ReadScopeRule(kFile.path(), kLabels));
  return 0;
}
