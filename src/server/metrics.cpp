#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <utility>

#include "base/mutex.h"
#include "server/decision_counts.h"

namespace winnow {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

/// Seconds: an INT8 MiniLM answers in less than one of a thousand, a cache in less than one of ten thousand.
const Histogram::BucketBoundaries kSeconds = {.00005, .0001, .0002, .0005, .001, .002, .005, .01,
                                              .02,    .05,   .1,    .2,    .5,   1,    2,    5};
const Histogram::BucketBoundaries kTexts = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
const Histogram::BucketBoundaries kTokens = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192};

Histogram& MakeHistogram(Registry& registry, const char* name, const char* help,
                         const Histogram::BucketBoundaries& bounds) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
}
Counter& MakeCounter(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}
Gauge& MakeGauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

/// The counters of a version stay visible for so long after it was last served, so that its last predictions are scraped.
constexpr std::chrono::hours kShownAfterwards(1);

/// A counter that somebody else keeps.
void RaiseTo(Counter& counter, size_t value) {
  const double more = static_cast<double>(value) - counter.Value();
  if (more > 0) counter.Increment(more);
}

/// `decision` is empty for abstentions.
std::string PredictionKey(std::string_view model, std::string_view version, std::string_view decision) {
  std::string key(model);
  for (const std::string_view part : {version, decision}) key.append(1, '\0').append(part);
  return key;
}

/// As Text Embeddings Inference names what went wrong.
const char* TeiError(int status) {
  if (status == 429) return "overloaded";
  if (status == 503) return "timeout";
  return status < 500 ? "validation" : "inference";
}

}  // namespace

struct ServerMetrics::Parts {
  void RemoveOld(Clock::time_point now) EXCLUDES(mutex);

  Registry registry;
  Mutex scraping;
  std::function<MetricsSnapshot()> snapshot GUARDED_BY(scraping);

  // By route and status; made when first seen, looked up under a shared lock from then on.
  SharedMutex mutex;
  std::map<std::pair<std::string, int>, Counter*, std::less<>> requests GUARDED_BY(mutex);
  std::map<std::string, Histogram*, std::less<>> seconds GUARDED_BY(mutex);
  Family<Counter>& request_family = prometheus::BuildCounter()
                                        .Name("winnow_requests_total")
                                        .Help("Responses sent, by route and status")
                                        .Register(registry);
  Family<Histogram>& seconds_family = prometheus::BuildHistogram()
                                          .Name("winnow_request_seconds")
                                          .Help("Seconds from the arrival of a request to its response, by route")
                                          .Register(registry);
  Family<Histogram>& stage_family = prometheus::BuildHistogram()
                                        .Name("winnow_stage_seconds")
                                        .Help("Seconds per classification request, by stage")
                                        .Register(registry);
  Histogram& tokenize = stage_family.Add({{"stage", "tokenize"}}, kSeconds);
  Histogram& queue = stage_family.Add({{"stage", "queue"}}, kSeconds);
  Histogram& infer = stage_family.Add({{"stage", "infer"}}, kSeconds);
  Histogram& batch_texts = MakeHistogram(registry, "winnow_batch_texts", "Texts per batch", kTexts);
  Histogram& batch_tokens = MakeHistogram(registry, "winnow_batch_tokens", "Tokens per batch", kTokens);
  Histogram& batch_seconds = MakeHistogram(registry, "winnow_batch_seconds", "Seconds to compute a batch", kSeconds);
  Histogram& load_seconds = MakeHistogram(registry, "winnow_model_load_seconds", "Seconds to load a model", kSeconds);
  Counter& texts = MakeCounter(registry, "winnow_texts_total", "Texts classified");
  // By model, version and decision, divided by null bytes; made when a model is loaded.
  std::map<std::string, Counter*, std::less<>> predictions GUARDED_BY(mutex);
  struct Served {
    int times = 0;  // that the version is served now
    std::chrono::steady_clock::time_point until = {};
  };
  std::map<std::pair<std::string, std::string>, Served> served GUARDED_BY(mutex);  // by model and version
  Family<Counter>& prediction_family =
      prometheus::BuildCounter()
          .Name("winnow_predictions_total")
          .Help("Predictions sent, by model, version and decided label; a text with several labels counts for each")
          .Register(registry);
  Family<Counter>& abstention_family =
      prometheus::BuildCounter()
          .Name("winnow_abstentions_total")
          .Help("Predictions sent that are marked as abstentions, by model and version")
          .Register(registry);

  Gauge& connections = MakeGauge(registry, "winnow_connections", "Open connections");
  Family<Counter>& refused_family =
      prometheus::BuildCounter()
          .Name("winnow_connections_refused_total")
          .Help("Connections that were closed at once, by the limit that left no room for them: total or address")
          .Register(registry);
  Counter& refused_in_total = refused_family.Add({{"limit", "total"}});
  Counter& refused_of_address = refused_family.Add({{"limit", "address"}});
  Family<Counter>& closed_family =
      prometheus::BuildCounter()
          .Name("winnow_idle_connections_closed_total")
          .Help(
              "Idle connections that were closed in favour of new ones, by the limit that was reached: total or address")
          .Register(registry);
  Counter& closed_in_total = closed_family.Add({{"limit", "total"}});
  Counter& closed_of_address = closed_family.Add({{"limit", "address"}});
  Gauge& request_memory =
      MakeGauge(registry, "winnow_request_memory_bytes", "Bytes of the bodies of requests in progress");
  Counter& lost_lines = MakeCounter(registry, "winnow_access_log_lost_lines_total",
                                    "Lines of the access log that were dropped, because they could not be written");
  Gauge& queued = MakeGauge(registry, "winnow_queue_texts", "Texts in the queue");
  Counter& dropped = MakeCounter(registry, "winnow_queue_dropped_texts_total",
                                 "Texts dropped from the queue because the client disconnected or the timeout "
                                 "expired");
  Family<Gauge>& model_family =
      prometheus::BuildGauge().Name("winnow_models").Help("Models, by state").Register(registry);
  Gauge& models_loaded = model_family.Add({{"state", "loaded"}});
  Gauge& models_failed = model_family.Add({{"state", "failed"}});
  Gauge& model_bytes = MakeGauge(registry, "winnow_model_bytes", "Bytes of memory used by loaded models");
  Counter& loads = MakeCounter(registry, "winnow_model_loads_total", "Models loaded");
  Counter& load_failures = MakeCounter(registry, "winnow_model_load_failures_total",
                                       "Models that could not be "
                                       "loaded");
  Counter& evictions = MakeCounter(registry, "winnow_model_evictions_total", "Models evicted to free memory");
  Family<Counter>& lookup_family = prometheus::BuildCounter()
                                       .Name("winnow_cache_lookups_total")
                                       .Help("Texts looked up, by cache and result")
                                       .Register(registry);
  Counter& cache_hits = lookup_family.Add({{"cache", "memory"}, {"result", "hit"}});
  Counter& cache_misses = lookup_family.Add({{"cache", "memory"}, {"result", "miss"}});
  Counter& redis_hits = lookup_family.Add({{"cache", "redis"}, {"result", "hit"}});
  Counter& redis_misses = lookup_family.Add({{"cache", "redis"}, {"result", "miss"}});
  Counter& redis_errors = lookup_family.Add({{"cache", "redis"}, {"result", "error"}});
  Counter& redis_timeouts = lookup_family.Add({{"cache", "redis"}, {"result", "timeout"}});
  Gauge& redis_available = MakeGauge(registry, "winnow_redis_available", "1 if Redis is available, otherwise 0");
  Counter& redis_rejected =
      MakeCounter(registry, "winnow_redis_rejected_total",
                  "Predictions in Redis that were not used, because their message authentication code is missing or "
                  "wrong");
  Gauge& cache_bytes = MakeGauge(registry, "winnow_cache_bytes", "Bytes of memory used by the cache");
  Gauge& cache_entries = MakeGauge(registry, "winnow_cache_entries", "Texts in the cache");
  Counter& cache_evictions = MakeCounter(registry, "winnow_cache_evictions_total", "Texts evicted from the cache");

  // Of the message filter; made with its first verdict.
  std::map<std::string, Counter*, std::less<>> verdicts GUARDED_BY(mutex);
  std::map<std::string, Histogram*, std::less<>> filter_steps GUARDED_BY(mutex);
  Family<Counter>& verdict_family = prometheus::BuildCounter()
                                        .Name("winnow_filter_verdicts_total")
                                        .Help("Verdicts of the message filter, by deciding step and verdict")
                                        .Register(registry);
  Family<Histogram>& filter_step_family = prometheus::BuildHistogram()
                                              .Name("winnow_filter_step_seconds")
                                              .Help("Seconds per message, by step of the filter; total: all steps")
                                              .Register(registry);
  Family<Counter>& filter_count_family = prometheus::BuildCounter()
                                             .Name("winnow_filter_store_total")
                                             .Help("Events between the filter and the store, by kind")
                                             .Register(registry);
  Family<Gauge>& filter_gauge_family = prometheus::BuildGauge()
                                           .Name("winnow_filter_store")
                                           .Help(
                                               "State of the filter's store: available (1 or 0), messages that wait "
                                               "for the history, bytes in the spool of feedback")
                                           .Register(registry);

  Family<Gauge>& registry_gauge_family =
      prometheus::BuildGauge()
          .Name("winnow_registry")
          .Help(
              "State of the registry that is followed: reachable (1 or 0), failures: "
              "aliases whose version could not be pulled or loaded")
          .Register(registry);
  Family<Counter>& registry_switch_family = prometheus::BuildCounter()
                                                .Name("winnow_registry_switches_total")
                                                .Help("Changes of aliases in the registry that were followed")
                                                .Register(registry);

  // Text Embeddings Inference's: https://github.com/huggingface/text-embeddings-inference (docs, "Metrics").
  Family<Counter>& te_count_family =
      prometheus::BuildCounter().Name("te_request_count").Help("Classification requests").Register(registry);
  Counter& te_single = te_count_family.Add({{"method", "single"}});
  Counter& te_many = te_count_family.Add({{"method", "batch"}});
  Family<Counter>& te_success_family = prometheus::BuildCounter()
                                           .Name("te_request_success")
                                           .Help("Successful classification requests")
                                           .Register(registry);
  Counter& te_single_success = te_success_family.Add({{"method", "single"}});
  Counter& te_many_success = te_success_family.Add({{"method", "batch"}});
  Family<Counter>& te_failure_family =
      prometheus::BuildCounter().Name("te_request_failure").Help("Failed classification requests").Register(registry);
  Histogram& te_duration = MakeHistogram(registry, "te_request_duration", "Seconds per request", kSeconds);
  Histogram& te_tokenization =
      MakeHistogram(registry, "te_request_tokenization_duration", "Seconds of tokenization per request", kSeconds);
  Histogram& te_queue =
      MakeHistogram(registry, "te_request_queue_duration", "Seconds in the queue per request", kSeconds);
  Histogram& te_inference =
      MakeHistogram(registry, "te_request_inference_duration", "Seconds of inference per request", kSeconds);
  Histogram& te_batch_size = MakeHistogram(registry, "te_batch_next_size", "Texts per batch", kTexts);
  Histogram& te_batch_tokens = MakeHistogram(registry, "te_batch_next_tokens", "Tokens per batch", kTokens);
  Gauge& te_queue_size = MakeGauge(registry, "te_queue_size", "Texts in the queue");
};

ServerMetrics::ServerMetrics() : parts_(std::make_unique<Parts>()) {}
ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::Answered(std::string_view route, int status, double seconds) {
  Parts& p = *parts_;
  const std::pair<std::string, int> key(route, status);
  Counter* count = nullptr;
  Histogram* histogram = nullptr;
  {
    const ReaderLock lock(p.mutex);
    const auto found = p.requests.find(key);
    if (found != p.requests.end()) {
      count = found->second;
      histogram = p.seconds.find(route)->second;
    }
  }
  if (count == nullptr) {
    const WriterLock lock(p.mutex);
    const std::string name = route.empty() ? "none" : std::string(route);
    count = p.requests[key] = &p.request_family.Add({{"route", name}, {"status", std::to_string(status)}});
    histogram = p.seconds[key.first] = &p.seconds_family.Add({{"route", name}}, kSeconds);
  }
  count->Increment();
  histogram->Observe(seconds);
}

void ServerMetrics::Classified(size_t texts, int status, double seconds) {
  Parts& p = *parts_;
  (texts == 1 ? p.te_single : p.te_many).Increment();
  p.te_duration.Observe(seconds);
  if (status == 200) {
    p.texts.Increment(static_cast<double>(texts));
    (texts == 1 ? p.te_single_success : p.te_many_success).Increment();
  } else {
    p.te_failure_family.Add({{"err", TeiError(status)}}).Increment();
  }
}

void ServerMetrics::AddModel(std::string_view name, std::string_view version, std::span<const std::string> decisions) {
  Parts& p = *parts_;
  const prometheus::Labels labels = {{"model", std::string(name)}, {"version", std::string(version)}};
  const WriterLock lock(p.mutex);
  ++p.served[{std::string(name), std::string(version)}].times;
  p.predictions[PredictionKey(name, version, {})] = &p.abstention_family.Add(labels);
  for (const std::string& decision : decisions) {
    prometheus::Labels with_decision = labels;
    with_decision["label"] = decision;
    p.predictions[PredictionKey(name, version, decision)] = &p.prediction_family.Add(with_decision);
  }
}

void ServerMetrics::RemoveModel(std::string_view name, std::string_view version, Clock::time_point now) {
  const WriterLock lock(parts_->mutex);
  Parts::Served& served = parts_->served[{std::string(name), std::string(version)}];
  --served.times;
  served.until = now;
}

/// Removes the counters of versions that have not been served for a while.
void ServerMetrics::Parts::RemoveOld(Clock::time_point now) {
  const WriterLock lock(mutex);
  for (auto of = served.begin(); of != served.end();) {
    if (of->second.times > 0 || now - of->second.until < kShownAfterwards) {
      ++of;
      continue;
    }
    const std::string abstentions =
        PredictionKey(of->first.first, of->first.second, {});  // with which the others begin
    auto at = predictions.lower_bound(abstentions);
    while (at != predictions.end() && at->first.starts_with(abstentions)) {
      (at->first == abstentions ? abstention_family : prediction_family).Remove(at->second);
      at = predictions.erase(at);
    }
    of = served.erase(of);
  }
}

void ServerMetrics::Predicted(const DecisionCounts& counts) {
  Parts& p = *parts_;
  const ReaderLock lock(p.mutex);
  const auto count = [&](std::string_view decision, size_t texts) {
    const auto found = p.predictions.find(PredictionKey(counts.model, counts.version, decision));
    if (found != p.predictions.end()) found->second->Increment(static_cast<double>(texts));
  };
  for (const auto& [decision, texts] : counts.decisions) count(decision, texts);
  if (counts.abstained > 0) count({}, counts.abstained);
}

void ServerMetrics::Filtered(std::string_view source, bool is_spam, double seconds) {
  Parts& p = *parts_;
  const std::string key = std::string(source) + (is_spam ? " spam" : " ham");
  Counter* count = nullptr;
  {
    const ReaderLock lock(p.mutex);
    const auto found = p.verdicts.find(key);
    if (found != p.verdicts.end()) count = found->second;
  }
  if (count == nullptr) {
    const WriterLock lock(p.mutex);
    count = p.verdicts[key] =
        &p.verdict_family.Add({{"source", std::string(source)}, {"verdict", is_spam ? "spam" : "ham"}});
  }
  count->Increment();
  FilterStep("total", seconds);
}

void ServerMetrics::FilterStep(std::string_view step, double seconds) {
  Parts& p = *parts_;
  Histogram* histogram = nullptr;
  {
    const ReaderLock lock(p.mutex);
    const auto found = p.filter_steps.find(step);
    if (found != p.filter_steps.end()) histogram = found->second;
  }
  if (histogram == nullptr) {
    const WriterLock lock(p.mutex);
    histogram = p.filter_steps[std::string(step)] = &p.filter_step_family.Add({{"step", std::string(step)}}, kSeconds);
  }
  histogram->Observe(seconds);
}

void ServerMetrics::Tokenized(double seconds) {
  parts_->tokenize.Observe(seconds);
  parts_->te_tokenization.Observe(seconds);
}

void ServerMetrics::Queued(double seconds) {
  parts_->queue.Observe(seconds);
  parts_->te_queue.Observe(seconds);
}

void ServerMetrics::Inferred(double seconds) {
  parts_->infer.Observe(seconds);
  parts_->te_inference.Observe(seconds);
}

void ServerMetrics::Batch(size_t texts, size_t tokens, double seconds) {
  Parts& p = *parts_;
  p.batch_texts.Observe(static_cast<double>(texts));
  p.te_batch_size.Observe(static_cast<double>(texts));
  p.batch_tokens.Observe(static_cast<double>(tokens));
  p.te_batch_tokens.Observe(static_cast<double>(tokens));
  p.batch_seconds.Observe(seconds);
}

void ServerMetrics::Loaded(double seconds) { parts_->load_seconds.Observe(seconds); }

void ServerMetrics::SetSnapshot(std::function<MetricsSnapshot()> snapshot) {
  const MutexLock lock(parts_->scraping);
  parts_->snapshot = std::move(snapshot);
}

std::span<const double> ServerMetrics::SecondsBounds() { return kSeconds; }

ServedCounts ServerMetrics::Counts() const {
  Parts& p = *parts_;
  const auto whole = [](double value) { return static_cast<uint64_t>(value); };
  ServedCounts counts;
  counts.texts = whole(p.texts.Value());
  const ReaderLock lock(p.mutex);
  for (const auto& [route, histogram] : p.seconds) {
    ServedCounts::OfRoute& of = counts.routes.emplace_back();
    of.route = route.empty() ? "none" : route;
    uint64_t below = 0;  // buckets of Prometheus contain those before
    for (const auto& bucket : histogram->Collect().histogram.bucket) {
      of.durations.push_back(bucket.cumulative_count - below);
      below = bucket.cumulative_count;
    }
    for (auto at = p.requests.lower_bound({route, 0}); at != p.requests.end() && at->first.first == route; ++at) {
      const int status = at->first.second;
      const uint64_t count = whole(at->second->Value());
      of.count += count;
      if (status == 429) {
        of.refused += count;
      } else if (status >= 400) {
        (status >= 500 ? of.errors : of.client_errors) += count;
      }
    }
  }
  for (const auto& [key, counter] : p.predictions) {
    const size_t model = key.find('\0'), version = key.find('\0', model + 1);
    const std::string decision = key.substr(version + 1);
    if (decision.empty()) continue;  // abstentions, which have a decision too
    ServedCounts::OfModel of{.model = key.substr(0, model), .version = key.substr(model + 1, version - model - 1)};
    if (counts.models.empty() || counts.models.back().model != of.model || counts.models.back().version != of.version)
      counts.models.push_back(std::move(of));
    const uint64_t texts = whole(counter->Value());
    counts.models.back().texts += texts;
    counts.models.back().decisions.emplace_back(decision, texts);
  }
  for (const auto& [verdict, counter] : p.verdicts)
    (verdict.ends_with(" spam") ? counts.judged_spam : counts.judged_ham) += whole(counter->Value());
  return counts;
}

MetricsSnapshot ServerMetrics::Snapshot() const {
  const MutexLock lock(parts_->scraping);
  return parts_->snapshot ? parts_->snapshot() : MetricsSnapshot();
}

std::string ServerMetrics::Scrape(Clock::time_point now_on_clock) const {
  Parts& p = *parts_;
  p.RemoveOld(now_on_clock);
  const MutexLock lock(p.scraping);
  if (p.snapshot) {
    const MetricsSnapshot now = p.snapshot();
    const auto set = [](Gauge& gauge, size_t value) { gauge.Set(static_cast<double>(value)); };
    set(p.connections, now.connections);
    RaiseTo(p.refused_in_total, now.refused_in_total);
    RaiseTo(p.refused_of_address, now.refused_of_address);
    RaiseTo(p.closed_in_total, now.closed_in_total);
    RaiseTo(p.closed_of_address, now.closed_of_address);
    set(p.request_memory, now.request_memory_bytes);
    set(p.queued, now.queued_texts);
    set(p.te_queue_size, now.queued_texts);
    set(p.models_loaded, now.models_loaded);
    set(p.models_failed, now.models_failed);
    set(p.model_bytes, now.model_bytes);
    set(p.cache_bytes, now.cache_bytes);
    set(p.cache_entries, now.cache_entries);
    set(p.redis_available, now.redis_available ? 1 : 0);
    RaiseTo(p.dropped, now.queued_texts_dropped);
    RaiseTo(p.lost_lines, now.access_log_lost_lines);
    RaiseTo(p.loads, now.model_loads);
    RaiseTo(p.load_failures, now.model_load_failures);
    RaiseTo(p.evictions, now.model_evictions);
    RaiseTo(p.cache_hits, now.cache_hits);
    RaiseTo(p.cache_misses, now.cache_misses);
    RaiseTo(p.cache_evictions, now.cache_evictions);
    RaiseTo(p.redis_hits, now.redis_hits);
    RaiseTo(p.redis_misses, now.redis_misses);
    RaiseTo(p.redis_rejected, now.redis_rejected);
    RaiseTo(p.redis_errors, now.redis_errors);
    RaiseTo(p.redis_timeouts, now.redis_timeouts);
    if (now.has_registry) {
      set(p.registry_gauge_family.Add({{"of", "reachable"}}), now.registry_reachable ? 1 : 0);
      set(p.registry_gauge_family.Add({{"of", "failures"}}), now.registry_failures);
      RaiseTo(p.registry_switch_family.Add({}), now.registry_switches);
    }
    if (now.has_store) {
      set(p.filter_gauge_family.Add({{"of", "available"}}), now.store_available ? 1 : 0);
      set(p.filter_gauge_family.Add({{"of", "history_waiting"}}), now.history_waiting);
      set(p.filter_gauge_family.Add({{"of", "spool_bytes"}}), now.spool_bytes);
      const auto raise = [&](const char* event, size_t value) {
        RaiseTo(p.filter_count_family.Add({{"event", event}}), value);
      };
      raise("history_lost", now.history_lost);
      raise("feedback_stored", now.feedback_stored);
      raise("feedback_spooled", now.feedback_spooled);
      raise("feedback_rejected", now.feedback_rejected);
      raise("feedback_refused", now.feedback_refused);
      raise("state_hit", now.state_hits);
      raise("state_read", now.state_reads);
      raise("state_failure", now.state_failures);
      raise("sender_change_lost", now.sender_changes_lost);
    }
  }
  return prometheus::TextSerializer().Serialize(p.registry.Collect());
}

}  // namespace winnow
