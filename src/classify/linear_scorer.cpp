#include "classify/linear_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/mapped_memory.h"
#include "bundle/labels.h"
#include "decide/probabilities.h"
#include "text/folded_text.h"

namespace winnow {
namespace {

/// Texts between two reports of progress.
constexpr size_t kTextsAtOnce = 8192;
/// The smallest number of texts for which it pays to wake other threads.
constexpr size_t kTextsForThreads = 512;

/// The numbers of texts and bytes that are classified together, in less than a millisecond.
constexpr size_t kFewTexts = 32;
constexpr size_t kFewBytes = 64 << 10;

/// The conversion of a linear model's score of a label into log-odds: scale * score + shift.
struct ToLogOdds {
  double scale = 1, shift = 0;
};

/// The labels that one label of several is compared with, by their probabilities among themselves, w_j.
///
/// With z the scores times the scale, the log-odds of label k are z_k - log sum_{j != k} exp(z_j), and the logarithm is
/// sum_j w_j z_j + H(w), H being the entropy. So they are a sum over pieces of the text: of each, its share in z_k less
/// the mean of its shares in the others, which is also the derivative of the log-odds by the piece. Since the logarithm
/// is convex in z, the log-odds fall by at least the share of a piece if the piece is left out: a text without a piece
/// of a positive share has a lower probability.
class OtherLabels {
 public:
  OtherLabels(std::span<const float> probabilities, size_t label)
      : label_(label), weights_(probabilities.begin(), probabilities.end()) {
    weights_[label] = 0;
    const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (double& weight : weights_) {
      // Where no other label has a probability above 0, they count alike.
      weight = sum > 0 ? weight / sum : 1 / static_cast<double>(weights_.size() - 1);
    }
    weights_[label] = 0;
    for (const double weight : weights_) entropy_ -= weight > 0 ? weight * std::log(weight) : 0;
  }

  /// Returns the label's score less the mean of those of the others.
  double Difference(std::span<const double> scores) const {
    double difference = scores[label_];
    for (size_t j = 0; j < scores.size(); ++j) difference -= weights_[j] * scores[j];
    return difference;
  }
  double entropy() const { return entropy_; }

 private:
  size_t label_;
  std::vector<double> weights_;  // 0 for the label itself
  double entropy_ = 0;
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
  const bool exclusive = labels > 2 && !model_.multi_label();
  std::vector<double> all;  // scores of the text; the labels share the probability 1
  if (exclusive) {
    all.assign(model_.bias().begin(), model_.bias().end());
    for (const TextPiece& piece : pieces) model_.AddScores(piece, 1, all);
  }
  if (exclusive && model_.kind() == LinearKind::kLogistic) {
    const OtherLabels others(probabilities, label);
    for (const TextPiece& piece : pieces) {
      std::vector<double> scores(labels, 0);
      model_.AddScores(piece, 1, scores);
      sum.shares.push_back({piece.begin, piece.end, to.scale * others.Difference(scores)});
    }
    const std::vector<double> bias(model_.bias().begin(), model_.bias().end());
    sum.base = to.scale * others.Difference(bias) - others.entropy();
  } else {
    for (const Contribution& piece : model_.Contributions(pieces, label)) {
      sum.shares.push_back({piece.begin, piece.end, to.scale * piece.share});
    }
    const bool one_output = model_.outputs() == 1 && labels > 1;
    const double bias = one_output ? (label == 0 ? -1 : 1) * static_cast<double>(model_.bias()[0])
                                   : static_cast<double>(model_.bias()[label]);
    sum.base = to.scale * bias + to.shift;
  }
  if (exclusive) {
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
