/// README.md of a bundle: its model card, in the form of Hugging Face's hub (metadata in YAML, then Markdown).
///
/// The card states nothing that is not in the other files of the bundle, so it can be written again at any time, and
/// whatever changes winnow.json does so. It is for people, who complete it: the digests do not cover it, as those of
/// MODEL_VERSION.json, and a card that was edited, or is not Winnow's, is never overwritten. The last line of a card of
/// Winnow is a comment with the digest of the text above it, by which an unedited one is recognized.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bundle/manifest.h"
#include "bundle/training_info.h"

namespace winnow {

inline constexpr char kCardFile[] = "README.md";

/// Returns the card of a model. It contains no times, so that equal trainings have equal cards.
std::string ModelCard(const Manifest& manifest, const TrainingInfo& info);

/// Returns true if the text is a card that Winnow wrote and nobody has edited.
bool IsUneditedCard(std::string_view text);

/// Returns true if `dir` has a README.md that must not be overwritten: any but an unedited card of Winnow, also one
/// that cannot be read.
bool HasOwnCard(const std::filesystem::path& dir);

/// Writes the card of a bundle, by its manifest and training_info.json, unless it has one of its own. Errors: kIo;
/// kInvalidModel for a training_info.json that is not valid.
Result<void> WriteModelCard(const std::filesystem::path& dir, const Manifest& manifest);

/// Writes the card again if the bundle has an unedited one. Errors: those of WriteModelCard.
Result<void> RefreshModelCard(const std::filesystem::path& dir, const Manifest& manifest);

/// Removes the README.md of `to`, whose files take the place of those in `from`, if `from` has one of its own, which
/// stays. Errors: kIo.
Result<void> KeepOwnCard(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace winnow
