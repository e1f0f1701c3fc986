/// Metrics of the server for Prometheus: under names of our own (winnow_*) and under those of Text Embeddings Inference
/// (te_*), so that dashboards made for it can be used.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

struct DecisionCounts;

/// Metrics that are looked up when Prometheus asks for them, instead of being counted as events occur.
struct MetricsSnapshot {
  size_t connections = 0;
  /// Connections that were refused, and idle ones that were closed in favour of new ones, because of the limit of all
  /// connections or of those of an address; counters, which only grow.
  size_t refused_in_total = 0, refused_of_address = 0, closed_in_total = 0, closed_of_address = 0;
  size_t queued_texts = 0;
  /// Number of texts that were not computed because their clients had disconnected or their deadline had passed; only
  /// grows.
  size_t queued_texts_dropped = 0;
  size_t queued_texts_refused = 0;  ///< number of texts that were refused because the queue was full; only grows
  size_t models_loaded = 0, models_failed = 0;
  size_t model_bytes = 0;
  size_t model_loads = 0, model_load_failures = 0, model_evictions = 0;  ///< counters, which only grow
  size_t cache_hits = 0, cache_misses = 0, cache_evictions = 0;          ///< counters, which only grow
  size_t cache_bytes = 0, cache_entries = 0;
  /// Counters, which only grow; rejected lookups are misses too.
  size_t redis_hits = 0, redis_misses = 0, redis_rejected = 0, redis_errors = 0, redis_timeouts = 0;
  bool redis_available = false;
  size_t access_log_lost_lines = 0;  ///< only grows
  /// The message filter and its store: `history_waiting` messages wait to be stored, and `spool_bytes` bytes of
  /// feedback; the other numbers are counters, which only grow.
  bool has_store = false, store_available = false;
  size_t history_waiting = 0, history_lost = 0, feedback_stored = 0, feedback_spooled = 0, feedback_rejected = 0;
  size_t feedback_refused = 0, spool_bytes = 0, state_hits = 0, state_reads = 0, state_failures = 0;
  size_t sender_changes_lost = 0;
  /// The registry that is followed: `registry_failures` aliases whose version could not be pulled or loaded, and the
  /// number of changes of aliases that were followed, which only grows.
  bool has_registry = false, registry_reachable = false;
  size_t registry_failures = 0, registry_switches = 0;
  size_t request_memory_bytes = 0;  ///< size of the bodies of the requests in progress
  int64_t certificate_expiry = 0;   ///< end of the TLS certificate, in seconds since 1970; 0 without TLS
};

/// What a server has done since its start, for people (GET /v1/operation). All numbers only grow.
struct ServedCounts {
  struct OfRoute {
    std::string route;
    uint64_t count = 0;
    uint64_t errors = 0;         ///< status 500 and above
    uint64_t client_errors = 0;  ///< status 400 to 499 except 429
    uint64_t refused = 0;        ///< status 429: a rate limit, or a full queue
    /// Number of responses by their duration: up to each of ServerMetrics::SecondsBounds(), and longer.
    std::vector<uint64_t> durations;
  };
  struct OfModel {
    std::string model, version;
    uint64_t texts = 0;  ///< sum over decisions: a text with several labels counts for each
    std::vector<std::pair<std::string, uint64_t>> decisions = {};
  };
  std::vector<OfRoute> routes;  ///< by name; "none" for requests that match no route
  std::vector<OfModel> models;
  uint64_t texts = 0;                        ///< number of texts that were classified
  uint64_t judged_spam = 0, judged_ham = 0;  ///< numbers of verdicts of the message filter
};

/// The metrics of a server. Thread-safe.
class ServerMetrics {
 public:
  using Clock = std::chrono::steady_clock;

  ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;
  ~ServerMetrics();

  /// Counts an answered request. `route` is the path in the table of routes, "" for a request that matches no route.
  void Answered(std::string_view route, int status, double seconds);
  /// Counts the texts of a request of a route that classifies, with the status of the response.
  void Classified(size_t texts, int status, double seconds);
  /// Shows the counters of a model's predictions from now on, so that they begin at 0. `decisions`: DecisionNames.
  void AddModel(std::string_view name, std::string_view version, std::span<const std::string> decisions);
  /// To be called as often as AddModel, once the model is not served any more. Its counters are removed by the first
  /// Scrape an hour later, unless the version is served again: versions of every week would pile up.
  void RemoveModel(std::string_view name, std::string_view version, Clock::time_point now = Clock::now());
  /// Counts predictions by model, version and decision.
  void Predicted(const DecisionCounts& counts);
  /// Counts a verdict of the message filter, by the step that decided.
  void Filtered(std::string_view source, bool is_spam, double seconds);
  /// Counts the time of a step of the filter: "lookup", "rules", "classifier".
  void FilterStep(std::string_view step, double seconds);
  void Tokenized(double seconds);
  /// Counts the time that a request waited until its first text was taken from the queue.
  void Queued(double seconds);
  /// Counts the time from the taking of a request's first text until its last text was computed.
  void Inferred(double seconds);
  void Batch(size_t texts, size_t tokens, double seconds);
  void Loaded(double seconds);  ///< Counts the time of loading a model.

  /// Sets the function that each Scrape calls from now on.
  void SetSnapshot(std::function<MetricsSnapshot()> snapshot);

  /// Returns what the snapshot function returns; zeros if there is none.
  MetricsSnapshot Snapshot() const;
  ServedCounts Counts() const;
  /// Returns the upper bounds of the buckets of durations, ascending.
  static std::span<const double> SecondsBounds();

  /// Returns all metrics in Prometheus' text format 0.0.4.
  std::string Scrape(Clock::time_point now = Clock::now()) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
