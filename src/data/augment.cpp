#include "data/augment.h"

#include <algorithm>

#include "base/json.h"
#include "base/random.h"
#include "data/augment_edits.h"
#include "data/new_texts.h"

namespace winnow {
namespace {

constexpr std::array<std::string_view, kAugmentKinds> kNames = {"leetspeak", "homoglyphs", "spacing", "urls",
                                                                "numbers"};

}  // namespace

std::vector<Example> Augment(const Dataset& dataset, const AugmentOptions& options, AugmentReport& report,
                             std::span<const Dataset* const> forbidden) {
  report = {};
  report.sources = dataset.examples.size();
  std::vector<Example> variants;
  if (options.variants <= 0 || options.kinds.empty()) return variants;
  NewTexts new_texts(dataset, forbidden);
  for (const Example& source : dataset.examples) {
    Random random(options.seed, "augment " + source.text);
    const size_t kinds = options.kinds.size();
    size_t next = random.Below(static_cast<uint32_t>(kinds));
    for (int made = 0; made < options.variants; ++made) {
      std::string variant = source.text;
      AugmentKind kind{};
      for (size_t turn = 0; turn < kinds && variant == source.text; ++turn) {
        kind = options.kinds[next++ % kinds];
        variant = MakeVariant(kind, source.text, random);
      }
      if (variant == source.text) {
        ++report.unchanged;
        continue;
      }
      const NewTexts::Verdict verdict = new_texts.Take(variant);
      if (verdict == NewTexts::Verdict::kForbidden) ++report.forbidden;
      if (verdict == NewTexts::Verdict::kRepeated) ++report.repeated;
      if (verdict != NewTexts::Verdict::kNew) continue;
      ++report.made_of[static_cast<size_t>(kind)];
      variants.push_back(source);
      variants.back().text = std::move(variant);
    }
  }
  report.made = variants.size();
  return variants;
}

std::string AugmentReport::Text() const {
  std::string text = "augmentation: " + std::to_string(made) + " variants of " + std::to_string(sources) + " texts";
  std::string_view between = ": ";
  for (size_t i = 0; i < kAugmentKinds; ++i) {
    if (made_of[i] == 0) continue;
    text += std::string(between) + std::to_string(made_of[i]) + " " + std::string(kNames[i]);
    between = ", ";
  }
  if (unchanged + repeated + forbidden > 0) {
    text += "; skipped variants: " + std::to_string(unchanged) + " equal to their original, " +
            std::to_string(repeated) + " equal to another text, " + std::to_string(forbidden) +
            " equal to a held-out text";
  }
  return text + "\n";
}

Json AugmentReport::ToJson() const {
  Json json;
  json["sources"] = sources;
  json["made"] = made;
  for (size_t i = 0; i < kAugmentKinds; ++i) json["kinds"][std::string(kNames[i])] = made_of[i];
  json["unchanged"] = unchanged;
  json["repeated"] = repeated;
  json["forbidden"] = forbidden;
  return json;
}

}  // namespace winnow
