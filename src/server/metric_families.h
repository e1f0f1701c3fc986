/// The metrics of a server as families of prometheus-cpp. Only metrics.cpp and metrics_scrape.cpp include this header.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "server/metrics.h"

namespace winnow {

/// The families are listed in the order in which Scrape writes them.
struct ServerMetrics::Parts {
  using Counter = prometheus::Counter;
  using Gauge = prometheus::Gauge;
  using Histogram = prometheus::Histogram;
  using Registry = prometheus::Registry;
  template <typename T>
  using Family = prometheus::Family<T>;

  /// Seconds: an INT8 MiniLM computes a text in less than a thousandth, a cache finds one in less than a tenth of that.
  inline static const Histogram::BucketBoundaries kSeconds = {.00005, .0001, .0002, .0005, .001, .002, .005, .01,
                                                              .02,    .05,   .1,    .2,    .5,   1,    2,    5};
  inline static const Histogram::BucketBoundaries kTexts = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
  inline static const Histogram::BucketBoundaries kTokens = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192};

  static Histogram& MakeHistogram(Registry& registry, const char* name, const char* help,
                                  const Histogram::BucketBoundaries& bounds) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
  }
  static Counter& MakeCounter(Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }
  static Gauge& MakeGauge(Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }

  /// Returns the key of a counter of predictions. `decision` is empty for abstentions, whose key the others begin with.
  static std::string PredictionKey(std::string_view model, std::string_view version, std::string_view decision);

  /// Removes the counters of versions that have not been served for a while.
  void RemoveOld(Clock::time_point now) EXCLUDES(mutex);
  /// Sets the gauges, and raises the counters, that others keep.
  void Show(const MetricsSnapshot& now);
  void ShowRegistry(const MetricsSnapshot& now);
  void ShowStore(const MetricsSnapshot& now);

  Registry registry;
  Mutex scraping;
  std::function<MetricsSnapshot()> snapshot GUARDED_BY(scraping);

  // By route and status, and by route; made with the first request, and looked up under a shared lock from then on.
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
  // By PredictionKey: model, version and decision, divided by null bytes; made when a model is loaded.
  std::map<std::string, Counter*, std::less<>> predictions GUARDED_BY(mutex);
  struct Served {
    int times = 0;                 // how often the version is served now
    Clock::time_point until = {};  // when it was last served
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
  Gauge& certificate_expiry =
      MakeGauge(registry, "winnow_tls_certificate_expiry_timestamp_seconds",
                "Time at which the TLS certificate of the server expires, in seconds since 1970; 0 without TLS");
  Counter& lost_lines = MakeCounter(registry, "winnow_access_log_lost_lines_total",
                                    "Lines of the access log that were dropped, because they could not be written");
  Gauge& queued = MakeGauge(registry, "winnow_queue_texts", "Texts in the queue");
  Counter& dropped = MakeCounter(registry, "winnow_queue_dropped_texts_total",
                                 "Texts dropped from the queue because the client disconnected or the timeout expired");
  Family<Gauge>& model_family =
      prometheus::BuildGauge().Name("winnow_models").Help("Models, by state").Register(registry);
  Gauge& models_loaded = model_family.Add({{"state", "loaded"}});
  Gauge& models_failed = model_family.Add({{"state", "failed"}});
  Gauge& model_bytes = MakeGauge(registry, "winnow_model_bytes", "Bytes of memory used by loaded models");
  Counter& loads = MakeCounter(registry, "winnow_model_loads_total", "Models loaded");
  Counter& load_failures = MakeCounter(registry, "winnow_model_load_failures_total", "Models that could not be loaded");
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

  // The message filter: by step and verdict, and by step; made with the first of them.
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

  // Those of Text Embeddings Inference: https://github.com/huggingface/text-embeddings-inference (docs, "Metrics").
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

}  // namespace winnow
