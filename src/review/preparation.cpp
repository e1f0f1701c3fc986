#include "review/preparation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/random.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "classify/zero_shot.h"
#include "doctor/label_errors.h"
#include "doctor/near_duplicates.h"
#include "linear/held_out_scores.h"
#include "text/case_fold.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTfidfColumns = 256;
constexpr double kNear = 0.8;  // Jaccard's similarity from which texts are near-duplicates
constexpr size_t kFewestGiven = 20;
constexpr size_t kSuspectFolds = 5;
constexpr size_t kTextsOfWord = 20;
constexpr float kWeakWeight = 0.3f;

/// Computes numbers, or reads those that were computed before from the same source.
template <class Compute>
Result<TextFeatures> Kept(const fs::path& file, const std::string& source, const Compute& compute) {
  if (std::optional<TextFeatures> numbers = ReadNumbers(file, source)) return *std::move(numbers);
  TextFeatures numbers = TRY(compute());
  TRY(WriteNumbers(file, source, numbers));
  return numbers;
}

Result<TextFeatures> PredictFeatures(const fs::path& model, const ReviewPool& pool, int threads) {
  ThreadPool thread_pool(threads);
  const BundleClassifier classifier = TRY(BundleClassifier::Load(model, thread_pool));
  const std::vector<std::string>& labels = pool.settings.labels;
  std::vector<InputTextView> texts;
  for (const PoolText& text : pool.texts) texts.emplace_back(text.text);
  const std::vector<float> probabilities = TRY(classifier.Probabilities(texts));
  const size_t from = classifier.labels().size();
  TextFeatures mapped{.columns = labels.size(), .values = std::vector<float>(texts.size() * labels.size())};
  for (size_t l = 0; l < from; ++l) {
    const auto found = std::ranges::find(labels, classifier.labels()[l]);
    if (found == labels.end()) continue;
    const auto to = static_cast<size_t>(found - labels.begin());
    for (size_t i = 0; i < texts.size(); ++i) mapped.values[i * labels.size() + to] = probabilities[i * from + l];
  }
  return mapped;
}

/// Returns true if `folded` has `word` between characters that are no letters or digits of ASCII.
bool HasWord(std::string_view folded, std::string_view word) {
  const auto inner = [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0 || IsAsciiAlphanumeric(c); };
  for (size_t at = folded.find(word); at != std::string_view::npos; at = folded.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !inner(folded[at - 1])) && (end == folded.size() || !inner(folded[end]))) return true;
  }
  return false;
}

/// What an NLI model says about a sample of the texts: the five texts per label that it is surest of.
Result<std::vector<HeadExample>> JudgeNames(const fs::path& nli, const ReviewPool& pool,
                                            std::span<const uint32_t> sample, int threads) {
  ThreadPool thread_pool(threads);
  const size_t labels = pool.settings.labels.size();
  const ZeroShotClassifier classifier =
      TRY(ZeroShotClassifier::Load(nli, thread_pool, {.labels = pool.settings.labels, .phrases = [&] {
                                                        std::vector<std::string> phrases;
                                                        for (const std::string& label : pool.settings.labels)
                                                          phrases.push_back(PhraseOfLabel(label));
                                                        return phrases;
                                                      }()}));
  std::vector<std::string_view> texts;
  for (const uint32_t item : sample) texts.push_back(pool.texts[item].text);
  const std::vector<float> probabilities = TRY(classifier.Probabilities(texts));
  std::vector<HeadExample> examples;
  for (size_t l = 0; l < labels; ++l) {
    std::vector<size_t> best;
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto row = std::span(probabilities).subspan(i * labels, labels);
      if (row[l] == std::ranges::max(row)) best.push_back(i);
    }
    std::ranges::stable_sort(best, std::greater(), [&](size_t i) { return probabilities[i * labels + l]; });
    for (size_t i = 0; i < std::min<size_t>(best.size(), 5); ++i) {
      examples.push_back({sample[best[i]], static_cast<int32_t>(l), kWeakWeight});
    }
  }
  return examples;
}

}  // namespace

Result<std::vector<Suspect>> FindSuspects(const DenseRows& features, std::span<const int32_t> given, size_t labels) {
  std::vector<HeadExample> all;
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i] >= 0) all.push_back({i, given[i], 1});
  }
  const bool one_label =
      std::ranges::all_of(all, [&](const HeadExample& each) { return each.label == all.front().label; });
  if (all.size() < kFewestGiven || one_label) return std::vector<Suspect>();
  std::vector<float> probabilities(all.size() * labels);
  std::vector<int32_t> truth;
  std::vector<std::vector<int32_t>> label_sets;
  for (const HeadExample& each : all) {
    truth.push_back(each.label);
    label_sets.push_back({each.label});
  }
  // In data whose labels take turns, folds of every fifth text would have the texts of one label each, which the heads
  // of the other folds have never seen.
  const std::vector<size_t> fold_of = FoldsByLabel(label_sets, kSuspectFolds, Random(42, "suspects"));
  for (size_t fold = 0; fold < kSuspectFolds; ++fold) {
    std::vector<HeadExample> rest;
    std::vector<float> rows;
    std::vector<size_t> places;
    for (size_t i = 0; i < all.size(); ++i) {
      if (fold_of[i] != fold) {
        rest.push_back(all[i]);
        continue;
      }
      const std::span<const float> row = features.row(all[i].row);
      rows.insert(rows.end(), row.begin(), row.end());
      places.push_back(i);
    }
    const DenseHead head = TRY(FitHead(features, rest, labels, {}));
    std::vector<float> held_out(places.size() * labels);
    HeadProbabilities(head, {rows, features.columns}, held_out);
    for (size_t i = 0; i < places.size(); ++i) {
      std::copy_n(held_out.begin() + static_cast<ptrdiff_t>(i * labels), labels,
                  probabilities.begin() + static_cast<ptrdiff_t>(places[i] * labels));
    }
  }
  const LabelErrors errors = TRY(FindLabelErrors(probabilities, truth, labels));
  std::vector<Suspect> suspects;
  for (const LabelDoubt& doubt : errors.doubts) {
    if (doubt.suggested_confidence <= doubt.self_confidence) continue;
    suspects.push_back(
        {static_cast<uint32_t>(all[doubt.text].row), doubt.suggested, static_cast<float>(doubt.suggested_confidence)});
  }
  return suspects;
}

std::vector<HeadExample> WeakExamples(const ReviewPool& pool, std::optional<size_t> name_rows) {
  std::vector<HeadExample> examples;
  const std::vector<std::string>& labels = pool.settings.labels;
  for (size_t l = 0; name_rows && l < labels.size(); ++l) {
    examples.push_back({*name_rows + l, static_cast<int32_t>(l), kWeakWeight});
  }
  std::vector<std::string> texts;
  if (!pool.settings.seeds.empty()) {
    for (const PoolText& text : pool.texts) texts.push_back(FoldCase(text.text));
  }
  for (const auto& [label, words] : pool.settings.seeds) {
    const auto found = std::ranges::find(labels, label);
    if (found == labels.end()) continue;
    for (const std::string& word : words) {
      const std::string folded = FoldCase(word);
      size_t count = 0;
      for (size_t i = 0; i < texts.size() && count < kTextsOfWord; ++i) {
        if (folded.empty() || !HasWord(texts[i], folded)) continue;
        examples.push_back({i, static_cast<int32_t>(found - labels.begin()), kWeakWeight});
        ++count;
      }
    }
  }
  return examples;
}

Result<PreparedReview> PrepareReview(const ReviewPool& pool, const PreparationSources& sources,
                                     const PreparationProgress& progress) {
  PreparedReview prepared;
  const std::vector<std::string>& labels = pool.settings.labels;
  for (const PoolText& text : pool.texts) {
    const auto found = text.given ? std::ranges::find(labels, *text.given) : labels.end();
    prepared.given.push_back(found == labels.end() ? -1 : static_cast<int32_t>(found - labels.begin()));
  }
  // The names of labels are embedded as if they were texts. Without an encoder a name says little: its words are rare.
  std::vector<std::string> names;
  if (!sources.encoder.empty()) {
    for (const std::string& label : labels) names.push_back(PhraseOfLabel(label));
  }
  std::vector<std::string_view> texts = pool.views();
  texts.insert(texts.end(), names.begin(), names.end());
  const std::string source = fmt::format("{} {} {}", pool.digest, sources.encoder.string(), fmt::join(names, "\n"));
  const auto share = [&](size_t done) { return !progress || progress(std::min(done, pool.texts.size())); };
  prepared.features = TRY(Kept(sources.directory / "features.bin", source, [&] {
    return sources.encoder.empty() ? TfidfFeatures(texts, kTfidfColumns, sources.threads, share)
                                   : EncoderFeatures(sources.encoder, texts, sources.threads, share);
  }));
  if (!share(pool.texts.size())) return Fail(ErrorCode::kCancelled, "stopped");
  ReviewOrder order = OrderWithout(pool.texts.size(), pool.settings.removed, pool.settings.seed);
  prepared.random = std::move(order.items);
  prepared.audits = order.audits;
  const std::span<const uint32_t> learn = std::span(prepared.random).subspan(prepared.audits);
  prepared.clusters =
      FindClusters(prepared.item_rows(), ClusterCount(pool.texts.size(), labels.size()), pool.settings.seed);
  prepared.weak = WeakExamples(pool, names.empty() ? std::nullopt : std::optional(pool.texts.size()));
  {
    ThreadPool thread_pool(sources.threads);
    prepared.duplicate_of = TRY(FindDuplicates(pool.views(), kNear, thread_pool)).group_of;
  }
  prepared.suspects = TRY(FindSuspects(prepared.item_rows(), prepared.given, labels.size()));
  const auto predict = [&](const fs::path& model, const char* file) -> Result<std::vector<float>> {
    if (model.empty()) return std::vector<float>();
    const std::string of = fmt::format("{} {} {}", pool.digest, model.string(), fmt::join(labels, "\n"));
    return TRY(Kept(sources.directory / file, of, [&] { return PredictFeatures(model, pool, sources.threads); }))
        .values;
  };
  prepared.champion = TRY(predict(sources.champion, "champion.bin"));
  prepared.challenger = TRY(predict(sources.challenger, "challenger.bin"));
  if (!sources.nli.empty()) {
    constexpr size_t kSample = 200, kMostLabels = 20;
    if (labels.size() >= 2 && labels.size() <= kMostLabels) {
      const auto judged =
          TRY(JudgeNames(sources.nli, pool, learn.first(std::min(kSample, learn.size())), sources.threads));
      prepared.weak.insert(prepared.weak.end(), judged.begin(), judged.end());
    }
  }
  return prepared;
}

}  // namespace winnow
