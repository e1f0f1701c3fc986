// Loading and classification of the C interface.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capi/c_error.h"
#include "classify/bundle_classifier.h"
#include "classify/prediction_json.h"
#include "kernels/isa.h"
#include "text/disguise.h"
#include "text/plain_texts.h"

struct winnow_classifier {
  explicit winnow_classifier(int threads) : pool(threads) {}

  winnow::ThreadPool pool;
  std::optional<winnow::BundleClassifier> classifier;
};

struct winnow_results {
  std::vector<winnow_prediction> predictions;
  std::vector<winnow_label_score> scores;  // [predictions, labels]
  std::deque<std::vector<const char*>> decided;
};

namespace winnow {
namespace {

/// Returns the value that stands for a number of an enumeration. Errors: kInvalidArgument for other numbers.
template <typename T, size_t N>
Result<T> Chosen(const T (&values)[N], int32_t number, const char* name) {
  if (number >= 0 && static_cast<size_t>(number) < N) return values[number];
  return Fail(ErrorCode::kInvalidArgument,
              std::string(name) + " is " + std::to_string(number) + ", expected 0 to " + std::to_string(N - 1),
              "use the constants of winnow/winnow.h");
}

/// The error for a member that later versions may give a meaning.
std::unexpected<Error> Reserved(const char* name) {
  return Fail(ErrorCode::kUnsupported, std::string(name) + ": reserved is not 0",
              std::string("initialise all members: ") + name + " options = {.size = sizeof options}");
}

Result<winnow_load_options> Known(const winnow_load_options* given) {
  winnow_load_options options = {};
  options.size = sizeof options;
  if (given != nullptr) {
    TRY(CopyOptions(given, given->size, sizeof options, &options, sizeof options, "winnow_load_options"));
  }
  if (options.threads < 0) return Fail(ErrorCode::kInvalidArgument, "threads is negative", "0 uses all cores");
  if (options.reserved != 0) return Reserved("winnow_load_options");
  return options;
}

Result<ClassifyOptions> Known(const winnow_classify_options* given) {
  winnow_classify_options options = {};
  options.size = sizeof options;
  if (given != nullptr) {
    TRY(CopyOptions(given, given->size, sizeof options, &options, sizeof options, "winnow_classify_options"));
  }
  if (options.reserved != 0) return Reserved("winnow_classify_options");
  static constexpr Mode kModes[] = {Mode::kModerate, Mode::kStrict, Mode::kLenient};
  ClassifyOptions known{.mode = TRY(Chosen(kModes, options.mode, "mode"))};
  if (options.threshold != 0) known.threshold = options.threshold;
  if (options.abstain_below != 0) known.abstain_below = options.abstain_below < 0 ? 0 : options.abstain_below;
  return known;
}

Result<void> Load(const char* bundle, const winnow_load_options* given, winnow_classifier** loaded) {
  if (bundle == nullptr || loaded == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "winnow_load: bundle and classifier must not be NULL");
  }
  TRY(ChooseIsaOnce());
  const winnow_load_options options = TRY(Known(given));
  static constexpr Weights kWeights[] = {Weights::kAuto, Weights::kFloat, Weights::kInt8};
  static constexpr std::optional<LongText> kLongTexts[] = {
      {}, LongText::kHead, LongText::kHeadTail, LongText::kWindows};
  static constexpr std::optional<bool> kFolds[] = {{}, false, true};
  auto classifier = std::make_unique<winnow_classifier>(options.threads);
  classifier->classifier = TRY(BundleClassifier::Load(
      bundle, classifier->pool, TRY(Chosen(kWeights, options.weights, "weights")),
      TRY(Chosen(kLongTexts, options.long_text, "long_text")),
      TRY(Chosen(kFolds, options.fold_disguises, "fold_disguises")), {.verify = options.skip_verify == 0}));
  *loaded = classifier.release();
  return {};
}

void Fill(const BundleClassifier& classifier, const ClassifiedText& text, winnow_results& results) {
  const std::vector<std::string>& labels = classifier.labels();
  const Decision& decision = text.decision;
  const int32_t label = decision.label >= 0 ? decision.label : decision.top;
  winnow_prediction& prediction = results.predictions.emplace_back();
  prediction.label_id = text.out_of_scope ? -1 : label;
  prediction.label = text.out_of_scope ? classifier.scope_rule()->label.c_str()
                     : label < 0       ? ""
                                       : labels[static_cast<size_t>(label)].c_str();
  prediction.score = decision.score;
  prediction.confidence = decision.confidence;
  prediction.abstained = decision.abstained ? 1 : 0;
  prediction.out_of_scope = text.out_of_scope ? 1 : 0;
  if (!decision.labels.empty()) {
    std::vector<const char*>& decided = results.decided.emplace_back();
    for (const int32_t id : decision.labels) decided.push_back(labels[static_cast<size_t>(id)].c_str());
    prediction.labels = decided.data();
    prediction.label_count = static_cast<uint32_t>(decided.size());
  }
  prediction.score_count = labels.size();
  prediction.scores = results.scores.data() + results.scores.size();  // which has room for all
  for (const size_t i : ByProbability(text.probabilities)) {
    results.scores.push_back({labels[i].c_str(), static_cast<int32_t>(i), text.probabilities[i]});
  }
}

Result<void> Classify(const winnow_classifier* classifier, const char* const* texts, const size_t* sizes, size_t count,
                      const winnow_classify_options* given, winnow_results** out) {
  if (classifier == nullptr || out == nullptr || (texts == nullptr && count > 0)) {
    return Fail(ErrorCode::kInvalidArgument, "winnow_classify: classifier, text and results must not be NULL");
  }
  if (classifier->pool.forked()) {
    return Fail(ErrorCode::kUnsupported,
                "winnow_classify: the classifier was loaded by the parent of this process, whose threads are not here",
                "load the bundle again in this process, or in the parent with threads = 1");
  }
  const ClassifyOptions options = TRY(Known(given));
  TRY(classifier->classifier->CheckMode(options.mode));
  PlainTexts plain(count);
  for (size_t i = 0; i < count; ++i) {
    if (texts[i] == nullptr) {
      return Fail(ErrorCode::kInvalidArgument, "winnow_classify: text " + std::to_string(i) + " is NULL");
    }
    const bool terminated = sizes == nullptr || sizes[i] == WINNOW_TERMINATED;
    plain.Add(terminated ? std::string_view(texts[i]) : std::string_view(texts[i], sizes[i]));
  }
  const BundleClassifier& loaded = *classifier->classifier;
  const std::vector<ClassifiedText> classified = TRY(loaded.Classify(plain.views(), options));
  auto results = std::make_unique<winnow_results>();
  results->predictions.reserve(count);
  results->scores.reserve(count * loaded.labels().size());
  for (const ClassifiedText& text : classified) Fill(loaded, text, *results);
  *out = results.release();
  return {};
}

}  // namespace
}  // namespace winnow

winnow_code winnow_load(const char* bundle, const winnow_load_options* options, winnow_classifier** classifier,
                        winnow_error** error) {
  if (classifier != nullptr) *classifier = nullptr;
  return winnow::GuardedCall(error, "use a smaller model", [&] { return winnow::Load(bundle, options, classifier); });
}

void winnow_free(winnow_classifier* classifier) {
  if (classifier != nullptr && classifier->pool.forked())
    return;  // its threads, for which the destructor waits, are not here
  delete classifier;
}

size_t winnow_label_count(const winnow_classifier* classifier) {
  return classifier == nullptr ? 0 : classifier->classifier->labels().size();
}

const char* winnow_label(const winnow_classifier* classifier, size_t id) {
  return id < winnow_label_count(classifier) ? classifier->classifier->labels()[id].c_str() : nullptr;
}

int32_t winnow_multi_label(const winnow_classifier* classifier) {
  return classifier != nullptr && classifier->classifier->multi_label() ? 1 : 0;
}

winnow_code winnow_classify(const winnow_classifier* classifier, const char* text, size_t size,
                            const winnow_classify_options* options, winnow_results** results, winnow_error** error) {
  return winnow_classify_many(classifier, &text, &size, 1, options, results, error);
}

winnow_code winnow_classify_many(const winnow_classifier* classifier, const char* const* texts, const size_t* sizes,
                                 size_t count, const winnow_classify_options* options, winnow_results** results,
                                 winnow_error** error) {
  if (results != nullptr) *results = nullptr;
  return winnow::GuardedCall(error, "classify fewer texts at once",
                             [&] { return winnow::Classify(classifier, texts, sizes, count, options, results); });
}

size_t winnow_results_count(const winnow_results* results) {
  return results == nullptr ? 0 : results->predictions.size();
}

const winnow_prediction* winnow_results_at(const winnow_results* results, size_t index) {
  return index < winnow_results_count(results) ? &results->predictions[index] : nullptr;
}

void winnow_results_free(winnow_results* results) { delete results; }

winnow_code winnow_fold_disguises(const char* text, size_t size, char** folded, size_t* folded_size,
                                  winnow_error** error) {
  if (folded != nullptr) *folded = nullptr;
  if (folded_size != nullptr) *folded_size = 0;
  return winnow::GuardedCall(error, "fold a shorter text", [&]() -> winnow::Result<void> {
    if (text == nullptr || folded == nullptr) {
      return winnow::Fail(winnow::ErrorCode::kInvalidArgument,
                          "winnow_fold_disguises: text and folded must not be NULL");
    }
    const std::string result =
        winnow::FoldDisguises(size == WINNOW_TERMINATED ? std::string_view(text) : std::string_view(text, size));
    *folded = winnow::CopyForCaller(result);
    if (folded_size != nullptr) *folded_size = result.size();
    return {};
  });
}
