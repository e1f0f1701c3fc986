#include "classify/linear_scorer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/mapped_memory.h"
#include "bundle/labels.h"
#include "decide/probabilities.h"
#include "text/folded_text.h"

namespace winnow {
namespace {

/// Texts between two reports of progress.
constexpr size_t kTextsAtOnce = 8192;
/// From how many texts on waking other threads is worth it.
constexpr size_t kTextsForThreads = 512;

/// The numbers of texts and bytes that are classified together, in less than a millisecond.
constexpr size_t kFewTexts = 32;
constexpr size_t kFewBytes = 64 << 10;

/// The conversion of a linear model's score of a label into log-odds: scale * score + shift.
struct ToLogOdds {
  double scale = 1, shift = 0;
};

ToLogOdds LogOddsOf(const LinearModel& model, double temperature, size_t label) {
  if (model.platt().empty()) return {1 / temperature, 0};
  const PlattScale& platt = model.platt()[std::min(label, model.outputs() - 1)];
  // Of two labels with one output, label 0 is label 1 with the opposite sign.
  const double sign = model.outputs() == 1 && model.labels() == 2 && label == 0 ? 1 : -1;
  return {-static_cast<double>(platt.a) / temperature, sign * static_cast<double>(platt.b) / temperature};
}

}  // namespace

void LinearScorer::Prepare(std::span<const InputTextView> texts, PreparedTexts& prepared) const {
  for (const InputTextView& text : texts) {
    prepared.texts.push_back(text.joined());
    prepared.tokens.windows.EndText();
    prepared.tokens.begins.push_back(static_cast<int32_t>(prepared.tokens.windows.texts()));
  }
}

Result<void> LinearScorer::Score(const PreparedTexts& prepared, std::span<float> logits, const Progress& progress,
                                 PoolUse) const {
  // One per thread: a text takes so little time that a lock would be a good part of it.
  thread_local LinearModel::Scratch scratch;
  FoldedTexts folded;
  const size_t labels = model_.labels();
  const std::span<const std::string_view> texts = prepared.texts;
  for (size_t done = 0; done < texts.size();) {
    auto some = texts.subspan(done, std::min(texts.size() - done, kTextsAtOnce));
    if (fold_disguises_) {
      folded.Assign(some, /*fold=*/true);
      some = folded.texts();
    }
    const auto rows = logits.subspan(done * labels, some.size() * labels);
    if (some.size() >= kTextsForThreads && pool_mutex_.TryLock()) {
      const MutexLock lock(pool_mutex_, MutexLock::Acquired());
      model_.Logits(some, pool_, rows);
    } else {
      for (size_t t = 0; t < some.size(); ++t) {
        model_.Logits(some[t], scratch, rows.subspan(t * labels, labels));
      }
    }
    done += some.size();
    if (progress && !progress(done)) return Fail(ErrorCode::kCancelled, "stopped");
  }
  return CheckMapped(model_.weights().data());
}

bool LinearScorer::IsInstant(std::span<const InputTextView> texts) const {
  if (texts.size() > kFewTexts) return false;
  size_t bytes = 0;
  for (const InputTextView& text : texts) bytes += text.joined().size();
  return bytes <= kFewBytes;
}

void LinearScorer::ForParts(size_t count, const std::function<void(size_t begin, size_t end)>& task) const {
  if (count >= kTextsForThreads && pool_mutex_.TryLock()) {
    const MutexLock lock(pool_mutex_, MutexLock::Acquired());
    pool_.ForRanges(count, 64, [&](size_t begin, size_t end, int) { task(begin, end); });
  } else {
    task(0, count);
  }
}

Result<std::vector<TextToken>> LinearScorer::TokensOf(std::string_view, bool) const {
  return Fail(ErrorCode::kUnsupported, "the model is linear: it counts words and characters and does not use tokens");
}

TextCoverage LinearScorer::CoverageOf(std::string_view text) const {
  FoldedTexts folded;
  folded.Assign(std::span(&text, 1), fold_disguises_);
  const Vectorizer::Occurrences found = model_.vectorizer().Find(folded.texts().front());
  std::vector<char> known(found.symbols.size(), 0);
  for (const Vectorizer::Occurrence& each : found.occurrences) {
    std::fill(known.begin() + static_cast<ptrdiff_t>(each.first), known.begin() + static_cast<ptrdiff_t>(each.end), 1);
  }
  const bool words = std::ranges::any_of(found.symbols, &Vectorizer::Symbol::is_word);
  TextCoverage coverage;
  for (size_t i = 0; i < known.size(); ++i) {
    if (found.symbols[i].is_word != words) continue;
    ++coverage.pieces;
    coverage.unknown += known[i] == 0 ? 1 : 0;
  }
  return coverage;
}

TextShares LinearScorer::SharesOf(std::string_view text, size_t label, std::span<const float> probabilities,
                                  double temperature) const {
  const size_t labels = model_.labels();
  const ToLogOdds to = LogOddsOf(model_, temperature, label);
  TextShares sum;
  std::vector<TextPiece> pieces = model_.Pieces(text);
  for (const Contribution& piece : model_.Contributions(pieces, label)) {
    sum.shares.push_back({piece.begin, piece.end, to.scale * piece.share});
  }
  const auto bias_of = [&](size_t of) {
    if (model_.outputs() > 1 || labels == 1) return static_cast<double>(model_.bias()[of]);
    return (of == 0 ? -1 : 1) * static_cast<double>(model_.bias()[0]);
  };
  sum.base = to.scale * bias_of(label) + to.shift;
  if (model_.kind() == LinearKind::kLogistic && !model_.multi_label() && model_.outputs() > 1) {
    size_t rival = label == 0 ? 1 : 0;
    for (size_t other = 0; other < labels; ++other) {
      if (other != label && probabilities[other] > probabilities[rival]) rival = other;
    }
    const std::vector<Contribution> against = model_.Contributions(pieces, rival);
    for (size_t i = 0; i < sum.shares.size(); ++i) {
      sum.shares[i].share -= to.scale * against[i].share;
    }
    sum.base -= to.scale * bias_of(rival);
  }
  if (labels > 2 && !model_.multi_label()) {
    // The labels share the probability 1: what a word does to one of them depends on what it does to all others.
    std::vector<double> all(model_.bias().begin(), model_.bias().end());
    for (const TextPiece& piece : pieces) model_.AddScores(piece, 1, all);
    sum.probability_without = [this, label, temperature, all = std::move(all), pieces = std::move(pieces)](size_t begin,
                                                                                                           size_t end) {
      std::vector<double> left = all;
      for (size_t i = begin; i < end; ++i) model_.AddScores(pieces[i], -1, left);
      const std::vector<float> scores(left.begin(), left.end());
      std::vector<float> row(model_.labels());
      LogitsOfScores(model_.kind(), /*multi_label=*/false, model_.platt(), scores, row);
      Softmax(row, static_cast<int>(row.size()), temperature, row);
      return static_cast<double>(row[label]);
    };
  }
  return sum;
}

Result<ScoredBundle> LoadLinearScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                      const ReadingOverrides& overrides) {
  if (weights == Weights::kInt8) {
    return Fail(ErrorCode::kInvalidArgument, bundle.string() + ": a linear model has no INT8 weights",
                "omit --weights");
  }
  ScoredBundle loaded;
  loaded.manifest = TRY(ReadManifest(bundle));
  loaded.labels = TRY(ReadLabelsFile(bundle / kLabelsFile));
  LinearModel model = TRY(LinearModel::Load(bundle / kLinearFile));
  loaded.multi_label = model.multi_label();
  if (model.labels() != loaded.labels.size()) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: {} has {} labels, but {} has {}", bundle.string(), kLinearFile, model.labels(),
                            kLabelsFile, loaded.labels.size()),
                "the files belong to different models");
  }
  TRY(ApplyOverrides(bundle, overrides, loaded));
  loaded.scorer = std::make_unique<LinearScorer>(std::move(model), loaded.manifest.fold_disguises, pool);
  return loaded;
}

}  // namespace winnow
