#include "pipeline/shrink_bundle.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "encoder/trim_model.h"
#include "tokenize/trim_vocabulary.h"

namespace winnow {
namespace {

/// How often each token occurs in the texts, by its id.
std::vector<int64_t> CountTokens(const BundleClassifier& classifier, const Dataset& texts, int vocabulary) {
  PreparedTexts prepared;
  classifier.scorer().Prepare(InputTexts(texts), prepared);
  std::vector<int64_t> uses(static_cast<size_t>(vocabulary));
  for (const int32_t id : prepared.tokens.windows.ids) ++uses[static_cast<size_t>(id)];
  return uses;
}

}  // namespace

Result<void> TrimBundle(const std::filesystem::path& from, const std::filesystem::path& to,
                        const BundleClassifier& classifier, const Dataset& texts, size_t vocabulary, int max_length,
                        TrainingObserver& observer) {
  const Model model = TRY(Model::Load(from, TRY(ReadModelConfig(from)), {}));
  const std::vector<int64_t> uses = CountTokens(classifier, texts, model.config().vocab_size);
  std::vector<int32_t> kept(static_cast<size_t>(model.config().vocab_size));
  std::iota(kept.begin(), kept.end(), 0);
  bool trimmed = false;
  if (kept.size() > vocabulary) {
    Result<std::vector<int32_t>> chosen = ChooseVocabulary(from, uses, vocabulary);
    if (chosen) {
      kept = *std::move(chosen);
      trimmed = true;
    } else if (chosen.error().code == ErrorCode::kUnsupported) {
      observer.Note(chosen.error().message + ", so all of its tokens stay");
    } else {
      return std::unexpected(std::move(chosen.error()));
    }
  }
  const Model small = TRY(TrimModel(model, kept, max_length));
  TRY(small.Save(to));
  TRY(WriteModelConfig(to, small.config()));
  if (!trimmed) return {};
  TRY(TrimTokenizerFiles(to, kept));
  int64_t all = 0, covered = 0;
  for (const int64_t count : uses) all += count;
  for (const int32_t id : kept) covered += uses[static_cast<size_t>(id)];
  observer.Note(fmt::format(
      "the vocabulary has {} of {} tokens, which are {:.2f} % of the tokens of {} texts; other words "
      "are read in smaller pieces",
      kept.size(), uses.size(), 100 * static_cast<double>(covered) / static_cast<double>(std::max<int64_t>(all, 1)),
      texts.examples.size()));
  return {};
}

}  // namespace winnow
