#include "server/served_model.h"

#include <algorithm>

namespace winnow {
namespace {

/// What a linear model classifies at once, in less than a millisecond.
constexpr size_t kFewTexts = 32;
constexpr size_t kFewBytes = 64 << 10;

bool AreFew(const std::vector<std::string>& texts) {
  if (texts.size() > kFewTexts) return false;
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  return bytes <= kFewBytes;
}

}  // namespace

Result<std::unique_ptr<ServedModel>> ServedModel::Load(const std::filesystem::path& bundle,
                                                       const SchedulerOptions& options) {
  std::unique_ptr<ServedModel> model(new ServedModel());
  model->classifier_ = std::make_unique<BundleClassifier>(TRY(BundleClassifier::Load(bundle, model->pool_)));
  model->scheduler_ = std::make_unique<Scheduler>(*model->classifier_, options);
  return model;
}

bool ServedModel::Classify(Request request, Done done) const {
  const std::vector<std::string_view> views(request.texts.begin(), request.texts.end());
  if (!classifier_->has_tokens() && AreFew(request.texts)) {
    done(classifier_->Classify(views, request.options));
    return true;
  }
  auto texts = std::make_shared<ScheduledTexts>();
  if (classifier_->has_tokens()) {
    classifier_->Tokenize(views, /*segmented=*/false, texts->tokens);
  } else {
    texts->texts = std::move(request.texts);
  }
  texts->client = std::move(request.client);
  texts->deadline = request.deadline;
  // The texts don't hold themselves: `done` is called while they are alive.
  ScheduledTexts* const raw = texts.get();
  texts->done = [this, raw, options = request.options, done = std::move(done)](const Result<void>& computed) {
    if (!computed) return done(std::unexpected(computed.error()));
    const size_t labels = classifier_->labels().size();
    std::vector<ClassifiedText> results(raw->count());
    for (size_t t = 0; t < results.size(); ++t) {
      const auto scope =
          std::span<const float>(raw->scope).subspan(raw->scope.empty() ? 0 : t, raw->scope.empty() ? 0 : 1);
      classifier_->Judge(std::span<const float>(raw->probabilities).subspan(t * labels, labels), scope, options,
                         results[t]);
    }
    done(std::move(results));
  };
  return scheduler_->Submit(std::move(texts));
}

int ServedModel::RetryAfterSeconds() const {
  const auto wait = std::chrono::duration_cast<std::chrono::seconds>(scheduler_->ExpectedWait());
  return static_cast<int>(std::clamp<int64_t>(wait.count() + 1, 1, 60));
}

}  // namespace winnow
