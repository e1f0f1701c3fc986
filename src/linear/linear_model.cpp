#include "linear/linear_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/files.h"
#include "base/mapped_memory.h"
#include "kernels/weighted_rows.h"
#include "linear/linear_file.h"

namespace winnow {
namespace {

/// log(1 / (1 + exp(-x))), without an overflow on either side.
float LogSigmoid(float x) { return std::min(x, 0.0f) - std::log1p(std::exp(-std::abs(x))); }

}  // namespace

void LogitsOfScores(LinearKind kind, bool multi_label, std::span<const PlattScale> platt, std::span<const float> scores,
                    std::span<float> logits) {
  const auto logit = [&](size_t output) {
    if (platt.empty()) return scores[output];
    return -(platt[output].a * scores[output] + platt[output].b);
  };
  if (logits.size() == 2 && !multi_label) {
    logits[0] = 0;
    logits[1] = logit(0);
    return;
  }
  // Labels that were fitted one by one have a probability each, which Softmax makes sum to 1.
  const bool logarithms = !multi_label && kind != LinearKind::kLogistic;
  if (!logarithms && platt.empty()) {
    std::ranges::copy(scores, logits.begin());
    return;
  }
  for (size_t l = 0; l < logits.size(); ++l) logits[l] = logarithms ? LogSigmoid(logit(l)) : logit(l);
}

struct LinearModel::Parts {
  LinearContents contents;
  std::vector<float> weights = {};  // the memory behind the contents' weights, or
  MappedFile file = {};
};

Result<LinearModel> LinearModel::Make(Vectorizer vectorizer, LinearWeights weights, LinearKind kind, size_t labels,
                                      bool multi_label, std::vector<PlattScale> platt) {
  auto parts = std::make_shared<Parts>(Parts{{std::move(vectorizer),
                                              kind,
                                              labels,
                                              weights.outputs,
                                              multi_label,
                                              {},
                                              std::move(weights.bias),
                                              std::move(platt)}});
  parts->weights = std::move(weights.weights);
  parts->contents.weights = parts->weights;
  TRY(CheckLinearContents(parts->contents, "linear model"));
  return LinearModel(std::move(parts));
}

Result<LinearModel> LinearModel::Load(const std::filesystem::path& file) {
  MappedFile mapped = TRY(MappedFile::Open(file));
  LinearContents contents = TRY(ParseLinearFile(mapped.bytes(), file.string()));
  TRY(CheckMapped(mapped.bytes().data()));
  return LinearModel(std::make_shared<Parts>(Parts{std::move(contents), {}, std::move(mapped)}));
}

Result<void> LinearModel::Save(const std::filesystem::path& file) const {
  return WriteLinearFile(file, parts_->contents);
}

LinearKind LinearModel::kind() const { return parts_->contents.kind; }
size_t LinearModel::labels() const { return parts_->contents.labels; }
bool LinearModel::multi_label() const { return parts_->contents.multi_label; }
size_t LinearModel::features() const { return parts_->contents.vectorizer.features(); }
size_t LinearModel::outputs() const { return parts_->contents.outputs; }
const Vectorizer& LinearModel::vectorizer() const { return parts_->contents.vectorizer; }
std::span<const float> LinearModel::weights() const { return parts_->contents.weights; }
std::span<const float> LinearModel::bias() const { return parts_->contents.bias; }
std::span<const PlattScale> LinearModel::platt() const { return parts_->contents.platt; }

void LinearModel::Scores(std::string_view text, Scratch& scratch, std::span<float> scores) const {
  const Vectorizer::Row row = vectorizer().Weigh(text, scratch.vectorizer);
  if (outputs() == 1) {
    double sum = bias()[0];
    for (size_t i = 0; i < row.columns.size(); ++i) {
      sum += static_cast<double>(row.values[i]) * static_cast<double>(weights()[static_cast<size_t>(row.columns[i])]);
    }
    scores[0] = static_cast<float>(sum);
    return;
  }
  std::copy(bias().begin(), bias().end(), scores.begin());
  AddWeightedRows(row.columns.size(), row.columns.data(), row.values.data(), weights().data(), outputs(),
                  scores.data());
}

void LinearModel::Logits(std::string_view text, Scratch& scratch, std::span<float> logits) const {
  scratch.scores.resize(outputs());
  Scores(text, scratch, scratch.scores);
  LogitsOfScores(kind(), multi_label(), platt(), scratch.scores, logits);
}

void LinearModel::Logits(std::span<const std::string_view> texts, ThreadPool& pool, std::span<float> logits) const {
  pool.ForRanges(texts.size(), 1, [&](size_t begin, size_t end, int) {
    Scratch scratch;
    for (size_t t = begin; t < end; ++t) Logits(texts[t], scratch, logits.subspan(t * labels(), labels()));
  });
}

}  // namespace winnow
