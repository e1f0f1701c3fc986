#include "server/served_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/hash.h"
#include "base/log.h"
#include "classify/embedding.h"
#include "store/cached_prediction.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

/// More than these are computed sooner than they are looked up elsewhere.
constexpr size_t kMostAskedOfRedis = 512;

// What is prepared and written as a response within about a millisecond.
constexpr size_t kFewTexts = 64;
constexpr size_t kFewTextBytes = 8 << 10;
constexpr size_t kFewProbabilities = 2048;

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

uint64_t NextCacheKey() {
  static std::atomic<uint64_t> next = 0;
  return ++next;
}

/// All that a model's probabilities depend on, where its manifest has the digests of its files: these, how its logits
/// become probabilities, what of a text is read, and what computes.
std::string RedisKeyOf(const BundleClassifier& classifier) {
  const Manifest& manifest = classifier.manifest();
  if (manifest.sha256.empty() || manifest.source.empty()) return "";
  const std::string weights = classifier.weights();
  Hasher hash(Hasher::Kind::kSha256);
  for (const std::string_view part :
       {std::string_view(WINNOW_VERSION), std::string_view(manifest.source), std::string_view(weights)}) {
    hash.Update(part);
    hash.Update(std::string_view("\0", 1));
  }
  return hash.Hex();
}

}  // namespace

/// A request on its way. What is found or computed is written to its text's row.
struct ServedModel::Call {
  Request request;
  Done done;
  EmbedDone embedded;  // in place of `done` if embeddings are wanted
  PreparedTexts prepared;
  size_t texts = 0;
  bool is_large = false;        // takes longer than about a millisecond, even if all texts are cached
  size_t width = 0;             // of a row: the labels' probabilities, and what tells the scope
  std::vector<float> rows;      // [texts, width]
  std::vector<size_t> missing;  // texts whose rows are not known yet, in order
  std::vector<char> found;      // [missing]: in Redis
  std::atomic<size_t> asked = 0;
  ServedTimes times;

  std::span<float> Row(size_t text) { return std::span<float>(rows).subspan(text * width, width); }
  bool embeds() const { return embedded != nullptr; }
  void End(ApiError error) {
    if (embeds()) return embedded(std::unexpected(std::move(error)), times);
    done(std::unexpected(std::move(error)), times);
  }
};

ServedModel::ServedModel(const SchedulerOptions& options, SharedParts shared)
    : shared_(std::move(shared)), max_wait_(options.max_wait), cache_key_(NextCacheKey()), pool_(options.workers) {}

ServedModel::~ServedModel() {
  if (counted_) shared_.metrics->RemoveModel(name(), version());
}

Result<std::unique_ptr<ServedModel>> ServedModel::Load(const std::filesystem::path& bundle,
                                                       const SchedulerOptions& options, SharedParts shared) {
  std::unique_ptr<ServedModel> model(new ServedModel(options, std::move(shared)));
  model->classifier_ = std::make_unique<BundleClassifier>(TRY(BundleClassifier::Load(bundle, model->pool_)));
  // Memory that libraries take with the first text, such as that of oneDNN's generated kernels, is taken now: oneDNN
  // crashes if there is none.
  TRY(model->classifier_->Probabilities(std::vector<InputTextView>{"a"}));
  model->scheduler_ = std::make_unique<Scheduler>(*model->classifier_, options, model->shared_.metrics.get());
  model->redis_key_ = RedisKeyOf(*model->classifier_);
  if (model->shared_.metrics) {
    model->shared_.metrics->AddModel(model->name(), model->version(), DecisionNames(*model->classifier_));
    model->counted_ = true;
  }
  return model;
}

void ServedModel::Classify(Request request, Done done) const {
  const auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->done = std::move(done);
  call->texts = call->request.texts.size();
  call->width = classifier_->labels().size() + (classifier_->scope_rule() == nullptr ? 0 : 1);
  Start(call);
}

void ServedModel::Embed(Request request, EmbedDone done) const {
  const auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->request.no_store = true;
  call->embedded = std::move(done);
  call->texts = call->request.ids.empty() ? call->request.texts.size() : call->request.ids.size();
  call->width = classifier_->scorer().embedding_size();
  Start(call);
}

void ServedModel::Start(const std::shared_ptr<Call>& call) const {
  size_t bytes = 0;
  for (const InputText& text : call->request.texts) bytes += text.joined().size();
  call->is_large = call->texts > kFewTexts || call->texts * call->width > kFewProbabilities || bytes > kFewTextBytes;
  const bool is_later = Later(*call, [this, call, posted = Clock::now()] {
    call->request.waited += Clock::now() - posted;
    Begin(call);
  });
  if (!is_later) Begin(call);
}

/// Has the task run by a thread of `tasks`, if the request is so large that it would delay what else this thread has to
/// do, and this is not one of these threads already.
bool ServedModel::Later(const Call& call, std::function<void()> task) const {
  if (!shared_.tasks || !call.is_large || shared_.tasks->RunsThisThread()) return false;
  return shared_.tasks->Post(call.request.client, std::move(task));
}

void ServedModel::Begin(const std::shared_ptr<Call>& call) const {
  if (const auto error = WaitError(*call)) return Refuse(*call, *error);
  const Clock::time_point begin = Clock::now();
  const std::vector<InputTextView> views(call->request.texts.begin(), call->request.texts.end());
  if (!call->embeds() && classifier_->scorer().IsInstant(views)) {
    auto results = classifier_->Classify(views, call->request.options);
    call->times.infer = Clock::now() - begin;
    if (!results) return Refuse(*call, results.error());
    if (shared_.metrics) {
      shared_.metrics->Inferred(call->times.infer.count());
      shared_.metrics->Classified(call->texts, 200, Seconds(Clock::now() - call->request.arrived));
    }
    return call->done(std::move(*results), call->times);
  }
  call->rows.resize(call->texts * call->width);
  call->missing.resize(call->texts);
  for (size_t i = 0; i < call->texts; ++i) call->missing[i] = i;
  if (const auto error = Prepare(*call)) return Refuse(*call, *error);
  if (const auto error = SizeError(*call)) return Refuse(*call, *error);
  // Texts without tokens have no key that answers could be kept under.
  if (call->texts > 0 && call->times.tokens == 0) return Schedule(call);
  call->times.tokenize = Clock::now() - begin;
  if (shared_.metrics) shared_.metrics->Tokenized(call->times.tokenize.count());
  if (call->request.no_store) return Schedule(call);
  LookUp(call);
}

/// Makes tokens of the texts. The refusal, of ids that are not tokens of this model.
std::optional<ApiError> ServedModel::Prepare(Call& call) const {
  const Scorer& scorer = classifier_->scorer();
  if (call.request.ids.empty()) {
    scorer.Prepare(std::vector<InputTextView>(call.request.texts.begin(), call.request.texts.end()), call.prepared);
  } else if (const Result<void> prepared = scorer.PrepareIds(call.request.ids, call.prepared); !prepared) {
    return ApiError{.message = "'input': " + prepared.error().message};
  }
  call.times.tokens = call.prepared.tokens.windows.ids.size();
  return std::nullopt;
}

/// The refusal of a request that has waited too long for a thread, or that nobody waits for any more.
std::optional<ApiError> ServedModel::WaitError(const Call& call) const {
  const Request& request = call.request;
  if (request.waited == Clock::duration::zero()) return std::nullopt;
  if (Clock::now() >= request.deadline || (request.client_disconnected && *request.client_disconnected)) {
    return ApiError{.status = 503,
                    .type = "Timeout",
                    .message = "the request was not processed: its timeout expired, or its client disconnected"};
  }
  if (max_wait_.count() == 0 || request.waited <= max_wait_) return std::nullopt;
  return TooManyRequests("Overloaded", "too many large requests are in the queue; try again after Retry-After seconds",
                         RetryAfter());
}

/// The refusal of a request that would cost more than its limits.
std::optional<ApiError> ServedModel::SizeError(const Call& call) const {
  const auto too_large = [](std::string message) {
    return ApiError{.status = 413, .type = "TooLarge", .message = std::move(message)};
  };
  const Request& request = call.request;
  if (request.max_tokens > 0 && call.times.tokens > request.max_tokens) {
    return too_large(
        fmt::format("the texts of the request have {} tokens; the server allows {} (--max-tokens-per-request)",
                    call.times.tokens, request.max_tokens));
  }
  const size_t windows = call.prepared.tokens.windows.texts();
  if (request.max_windows > 0 && windows > call.texts && windows > request.max_windows) {
    return too_large(fmt::format("the long texts of the request have {} windows; the server allows {} (--max-windows)",
                                 windows, request.max_windows));
  }
  return std::nullopt;
}

void ServedModel::LookUp(const std::shared_ptr<Call>& call) const {
  if (shared_.cache && shared_.cache->enabled()) {
    std::erase_if(call->missing, [&](size_t text) {
      return shared_.cache->Find(cache_key_, call->prepared.IdsOf(text), call->Row(text));
    });
  }
  if (call->missing.empty()) return Finish(call);
  if (shared_.redis && !redis_key_.empty() && call->missing.size() <= kMostAskedOfRedis && shared_.redis->available()) {
    return AskRedis(call);
  }
  Schedule(call);
}

void ServedModel::AskRedis(const std::shared_ptr<Call>& call) const {
  call->found.assign(call->missing.size(), 0);
  call->asked = call->missing.size();
  for (size_t i = 0; i < call->found.size(); ++i) {
    const size_t text = call->missing[i];
    std::string key = PredictionKey(redis_key_, call->prepared.IdsOf(text));
    // The last answer goes on with the call; until then nobody else touches it but for the rows of their own texts.
    shared_.redis->Find(key, [this, call, i, text, key](const std::optional<std::string>& value) {
      if (value && DecodePrediction(key, *value, call->Row(text))) {
        call->found[i] = 1;
        if (shared_.cache) shared_.cache->Insert(cache_key_, call->prepared.IdsOf(text), call->Row(text));
      }
      if (--call->asked > 0) return;
      std::vector<size_t> rest;
      for (size_t j = 0; j < call->found.size(); ++j) {
        if (call->found[j] == 0) rest.push_back(call->missing[j]);
      }
      call->missing = std::move(rest);
      if (call->missing.empty()) return Finish(call);
      Schedule(call);
    });
  }
}

void ServedModel::Schedule(const std::shared_ptr<Call>& call) const {
  auto texts = std::make_shared<ScheduledTexts>();
  texts->texts = std::move(call->request.texts);
  PreparedTexts missing;
  if (call->missing.size() == call->texts) {
    missing = std::move(call->prepared);
  } else {
    for (const size_t text : call->missing) missing.AppendText(call->prepared, text);
  }
  // Windows are computed one by one: a text of 64 of them must not keep others waiting.
  const auto begins = std::make_shared<const std::vector<int32_t>>(missing.SplitIntoWindows());
  texts->prepared = std::move(missing);
  texts->embed = call->embeds();
  texts->client = call->request.client;
  texts->deadline = call->request.deadline;
  texts->keep_alive = weak_from_this().lock();
  if (texts->keep_alive) texts->defer = std::move(call->request.defer);
  if (const auto& disconnected = call->request.client_disconnected) {
    texts->is_wanted = [disconnected] { return !*disconnected; };
  }
  // The texts don't hold themselves: `done` is called while they are alive.
  ScheduledTexts* const raw = texts.get();
  texts->done = [this, raw, call, begins](const Result<void>& computed) {
    call->times.queue = raw->dequeued_at - raw->submitted;
    call->times.infer = Clock::now() - raw->dequeued_at;
    if (!computed) return Refuse(*call, computed.error());
    if (shared_.metrics) {
      shared_.metrics->Queued(call->times.queue.count());
      shared_.metrics->Inferred(call->times.infer.count());
    }
    Fill(*call, *raw, *begins);
    Finish(call);
  };
  if (scheduler_->Submit(std::move(texts))) return;
  if (shared_.metrics) {
    shared_.metrics->Classified(call->texts, 429, Seconds(Clock::now() - call->request.arrived));
  }
  call->End(TooManyRequests("Overloaded", "too many texts are in the queue; try again after Retry-After seconds",
                            RetryAfter()));
}

/// Fills in the rows of the missing texts, of which text i has the windows begins[i] ... begins[i + 1] - 1.
void ServedModel::Fill(Call& call, const ScheduledTexts& texts, std::span<const int32_t> begins) const {
  const size_t labels = classifier_->labels().size();
  std::vector<int32_t> tokens;  // of the windows of a text
  for (size_t i = 0; i < call.missing.size(); ++i) {
    const auto begin = static_cast<size_t>(begins[i]), end = static_cast<size_t>(begins[i + 1]);
    const std::span<float> row = call.Row(call.missing[i]);
    if (call.embeds()) {
      tokens.clear();
      for (size_t window = begin; window < end; ++window) {
        tokens.push_back(static_cast<int32_t>(texts.prepared.tokens.windows.view().length(window)));
      }
      const std::span<const float> means = texts.embeddings;
      PoolEmbedding(means.subspan(begin * call.width, (end - begin) * call.width), tokens, row);
      continue;
    }
    classifier_->PoolText(std::span<const float>(texts.probabilities).subspan(begin * labels, (end - begin) * labels),
                          row.first(labels));
    if (!texts.scope.empty()) {
      // A text is in scope as soon as a part of it is.
      row[labels] = *std::min_element(texts.scope.begin() + begins[i], texts.scope.begin() + begins[i + 1]);
    }
    if (const auto ids = texts.prepared.IdsOf(begin, end); !ids.empty() && !call.request.no_store) Keep(ids, row);
  }
}

void ServedModel::Keep(std::span<const int32_t> ids, std::span<const float> values) const {
  if (shared_.cache) shared_.cache->Insert(cache_key_, ids, values);
  if (shared_.redis && !redis_key_.empty()) {
    const std::string key = PredictionKey(redis_key_, ids);
    shared_.redis->Insert(key, EncodePrediction(key, values));
  }
}

void ServedModel::Finish(const std::shared_ptr<Call>& call) const {
  if (!Later(*call, [this, call] { Respond(*call); })) Respond(*call);
}

void ServedModel::Respond(Call& call) const {
  if (call.embeds()) {
    if (shared_.metrics) shared_.metrics->Classified(call.texts, 200, Seconds(Clock::now() - call.request.arrived));
    return call.embedded(std::move(call.rows), call.times);
  }
  const size_t labels = classifier_->labels().size();
  std::vector<ClassifiedText> results(call.texts);
  for (size_t t = 0; t < results.size(); ++t) {
    const std::span<const float> row = call.Row(t);
    classifier_->ApplyDecisionRule(row.first(labels), row.subspan(labels), call.request.options, results[t]);
  }
  if (shared_.metrics) shared_.metrics->Classified(call.texts, 200, Seconds(Clock::now() - call.request.arrived));
  call.done(std::move(results), call.times);
}

DecisionCounts ServedModel::Count(std::span<const ClassifiedText> predictions) const {
  DecisionCounts counts = CountDecisions(*classifier_, predictions);
  if (shared_.metrics) shared_.metrics->Predicted(counts);
  return counts;
}

void ServedModel::Refuse(Call& call, const Error& error) const {
  if (error.code == ErrorCode::kIo) NoteChangedWeights(error);
  Refuse(call, ToApiError(error));
}

/// Tells the operator that another program has truncated or overwritten the weights, and has them loaded again.
void ServedModel::NoteChangedWeights(const Error& error) const {
  static std::atomic<int64_t> next = 0;  // in seconds
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  int64_t expected = next.load();
  if (now < expected || !next.compare_exchange_strong(expected, now + 10)) return;
  LogError("{}", error.Text());
  if (shared_.weights_changed) shared_.weights_changed();
}

void ServedModel::Refuse(Call& call, ApiError told) const {
  if (shared_.metrics) {
    shared_.metrics->Classified(call.texts, told.status, Seconds(Clock::now() - call.request.arrived));
  }
  call.End(std::move(told));
}

std::chrono::seconds ServedModel::RetryAfter() const {
  const auto wait = std::chrono::duration_cast<std::chrono::seconds>(scheduler_->ExpectedWait());
  return std::clamp(wait + std::chrono::seconds(1), std::chrono::seconds(1), std::chrono::seconds(60));
}

}  // namespace winnow
