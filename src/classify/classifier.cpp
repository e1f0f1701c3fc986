#include "winnow/classifier.h"

#include <algorithm>
#include <exception>
#include <new>
#include <optional>

#include "classify/bundle_classifier.h"
#include "classify/explain.h"
#include "classify/prediction_json.h"
#include "kernels/isa.h"
#include "text/plain_texts.h"
#include "text/text_limits.h"

namespace winnow {
namespace {

/// An installed API promises Errors, whatever happens below: memory may run out.
template <class Function>
auto Guarded(const Function& function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::kInternal, "out of memory", "classify fewer texts at once"});
  } catch (const TextLimitExceeded& exceeded) {
    return Fail(ErrorCode::kInvalidModel, exceeded.what(), kTextLimitHint);
  } catch (const std::exception& e) {
    return std::unexpected(Error{ErrorCode::kInternal, e.what(), ""});
  }
}

}  // namespace

struct Classifier::Parts {
  explicit Parts(int threads) : pool(threads) {}

  Prediction Named(const ClassifiedText& text) const {
    const std::vector<std::string>& labels = classifier->labels();
    const Decision& decision = text.decision;
    const int32_t label = decision.label >= 0 ? decision.label : decision.top;
    Prediction prediction{.label = label < 0 ? "" : labels[static_cast<size_t>(label)],
                          .score = decision.score,
                          .confidence = decision.confidence,
                          .abstained = decision.abstained,
                          .out_of_scope = text.out_of_scope,
                          .labels = {},
                          .scores = {}};
    if (text.out_of_scope) prediction.label = classifier->scope_rule()->label;
    for (const int32_t id : decision.labels) prediction.labels.push_back(labels[static_cast<size_t>(id)]);
    for (const size_t i : ByProbability(text.probabilities))
      prediction.scores.push_back({labels[i], text.probabilities[i]});
    return prediction;
  }

  Result<std::vector<ClassifiedText>> Classify(std::span<const InputTextView> texts,
                                               const ClassifyOptions& options) const {
    const BundleClassifier& usable = *TRY(Usable());
    TRY(usable.CheckMode(options.mode));
    return usable.Classify(texts, options);
  }

  Result<std::vector<Prediction>> ClassifyAll(const PlainTexts& texts, const ClassifyOptions& options) const {
    const std::vector<ClassifiedText> results = TRY(Classify(texts.views(), options));
    std::vector<Prediction> predictions;
    predictions.reserve(results.size());
    for (const ClassifiedText& result : results) predictions.push_back(Named(result));
    return predictions;
  }

  Result<const BundleClassifier*> Usable() const {
    if (!pool.forked()) return &*classifier;
    return Fail(ErrorCode::kUnsupported,
                "the classifier was loaded by the parent of this process, whose threads are not here",
                "load the bundle again in this process, or in the parent with threads = 1");
  }

  ThreadPool pool;
  std::optional<BundleClassifier> classifier;
};

Classifier::Classifier(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&& other) noexcept {
  if (this == &other) return *this;
  const Classifier old(std::move(*this));
  parts_ = std::move(other.parts_);
  return *this;
}
Classifier::~Classifier() {
  if (parts_ && parts_->pool.forked())
    static_cast<void>(parts_.release());  // its threads, which are waited for, are not here
}

std::expected<Classifier, Error> Classifier::Load(const std::filesystem::path& bundle, const LoadOptions& options) {
  return Guarded([&]() -> Result<Classifier> {
    TRY(ChooseIsaOnce());
    if (options.threads < 0) return Fail(ErrorCode::kInvalidArgument, "threads is negative", "0 uses all cores");
    auto parts = std::make_unique<Parts>(options.threads);
    parts->classifier = TRY(BundleClassifier::Load(bundle, parts->pool, options.weights, options.long_text,
                                                   options.fold_disguises, {.verify = options.verify}));
    return Classifier(std::move(parts));
  });
}

std::expected<Prediction, Error> Classifier::Classify(std::string_view text, const ClassifyOptions& options) const {
  return Guarded([&]() -> Result<Prediction> {
    const PlainTexts one = PlainTexts::Of(std::span(&text, 1));
    const std::vector<ClassifiedText> results = TRY(parts_->Classify(one.views(), options));
    return parts_->Named(results.front());
  });
}

std::expected<std::vector<Prediction>, Error> Classifier::Classify(std::span<const std::string> texts,
                                                                   const ClassifyOptions& options) const {
  return Guarded([&] { return parts_->ClassifyAll(PlainTexts::Of(texts), options); });
}

std::expected<std::vector<Prediction>, Error> Classifier::Classify(std::initializer_list<std::string_view> texts,
                                                                   const ClassifyOptions& options) const {
  return Guarded([&] { return parts_->ClassifyAll(PlainTexts::Of(texts), options); });
}

std::expected<Explanation, Error> Classifier::Explain(std::string_view text, const ClassifyOptions& options) const {
  return Guarded([&]() -> Result<Explanation> {
    const PlainTexts one = PlainTexts::Of(std::span(&text, 1));
    return ExplainText(*TRY(parts_->Usable()), one.views().front(), options);
  });
}

const std::vector<std::string>& Classifier::labels() const { return parts_->classifier->labels(); }
bool Classifier::multi_label() const { return parts_->classifier->multi_label(); }

}  // namespace winnow
