/// What the server counts, for Prometheus: under our own names (winnow_*) and under Text Embeddings Inference's (te_*),
/// so that dashboards made for it go on working.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace winnow {

/// Figures that are looked up when somebody asks, rather than counted as they happen.
struct MetricsSnapshot {
  size_t connections = 0;
  size_t queued_texts = 0;
  size_t queued_texts_dropped = 0;  ///< their clients had gone, or their time was over; only grows
  size_t models_loaded = 0, models_failed = 0;
  size_t model_bytes = 0;
  size_t model_loads = 0, model_load_failures = 0, model_evictions = 0;  ///< only grow
  size_t cache_hits = 0, cache_misses = 0, cache_evictions = 0;          ///< only grow
  size_t cache_bytes = 0, cache_entries = 0;
  size_t redis_hits = 0, redis_misses = 0, redis_errors = 0, redis_timeouts = 0;  ///< only grow
  bool redis_available = false;
};

/// Thread-safe.
class ServerMetrics {
 public:
  ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;
  ~ServerMetrics();

  /// A request that has been answered. `route` is the path of the table, "" of what is at none.
  void Answered(std::string_view route, int status, double seconds);
  /// Texts of one request of a route that classifies, and what became of it.
  void Classified(size_t texts, int status, double seconds);
  void Tokenized(double seconds);
  void Queued(double seconds);    ///< of one request, until its first text was taken
  void Inferred(double seconds);  ///< of one request, from then until its last was computed
  void Batch(size_t texts, size_t tokens, double seconds);
  void Loaded(double seconds);  ///< a model

  /// Asked at each Scrape from here on.
  void SetSnapshot(std::function<MetricsSnapshot()> snapshot);

  /// All of it in Prometheus' text format 0.0.4.
  std::string Scrape() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
