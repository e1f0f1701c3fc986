// What is read of the metrics of a server: by Prometheus, and by GET /v1/operation.
#include <prometheus/text_serializer.h>

#include <utility>

#include "server/metric_families.h"

namespace winnow {
namespace {

/// The counters of a version stay visible for so long after it was last served, so that its last predictions are
/// scraped.
constexpr std::chrono::hours kShownAfterwards(1);

/// Raises a counter to a value that is counted elsewhere.
void RaiseTo(prometheus::Counter& counter, size_t value) {
  const double more = static_cast<double>(value) - counter.Value();
  if (more > 0) counter.Increment(more);
}

void Set(prometheus::Gauge& gauge, size_t value) { gauge.Set(static_cast<double>(value)); }

}  // namespace

void ServerMetrics::Parts::RemoveOld(Clock::time_point now) {
  const WriterLock lock(mutex);
  for (auto of = served.begin(); of != served.end();) {
    if (of->second.times > 0 || now - of->second.until < kShownAfterwards) {
      ++of;
      continue;
    }
    const auto& [model, version] = of->first;
    const std::string abstentions = PredictionKey(model, version, {});
    auto at = predictions.lower_bound(abstentions);
    while (at != predictions.end() && at->first.starts_with(abstentions)) {
      (at->first == abstentions ? abstention_family : prediction_family).Remove(at->second);
      at = predictions.erase(at);
    }
    of = served.erase(of);
  }
}

void ServerMetrics::SetSnapshot(std::function<MetricsSnapshot()> snapshot) {
  const MutexLock lock(parts_->scraping);
  parts_->snapshot = std::move(snapshot);
}

std::span<const double> ServerMetrics::SecondsBounds() { return Parts::kSeconds; }

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

void ServerMetrics::Parts::Show(const MetricsSnapshot& now) {
  Set(connections, now.connections);
  RaiseTo(refused_in_total, now.refused_in_total);
  RaiseTo(refused_of_address, now.refused_of_address);
  RaiseTo(closed_in_total, now.closed_in_total);
  RaiseTo(closed_of_address, now.closed_of_address);
  Set(request_memory, now.request_memory_bytes);
  certificate_expiry.Set(static_cast<double>(now.certificate_expiry));
  Set(queued, now.queued_texts);
  Set(te_queue_size, now.queued_texts);
  Set(models_loaded, now.models_loaded);
  Set(models_failed, now.models_failed);
  Set(model_bytes, now.model_bytes);
  Set(cache_bytes, now.cache_bytes);
  Set(cache_entries, now.cache_entries);
  Set(redis_available, now.redis_available ? 1 : 0);
  RaiseTo(dropped, now.queued_texts_dropped);
  RaiseTo(lost_lines, now.access_log_lost_lines);
  RaiseTo(loads, now.model_loads);
  RaiseTo(load_failures, now.model_load_failures);
  RaiseTo(evictions, now.model_evictions);
  RaiseTo(cache_hits, now.cache_hits);
  RaiseTo(cache_misses, now.cache_misses);
  RaiseTo(cache_evictions, now.cache_evictions);
  RaiseTo(redis_hits, now.redis_hits);
  RaiseTo(redis_misses, now.redis_misses);
  RaiseTo(redis_rejected, now.redis_rejected);
  RaiseTo(redis_errors, now.redis_errors);
  RaiseTo(redis_timeouts, now.redis_timeouts);
  if (now.has_registry) ShowRegistry(now);
  if (now.has_store) ShowStore(now);
}

void ServerMetrics::Parts::ShowRegistry(const MetricsSnapshot& now) {
  Set(registry_gauge_family.Add({{"of", "reachable"}}), now.registry_reachable ? 1 : 0);
  Set(registry_gauge_family.Add({{"of", "failures"}}), now.registry_failures);
  RaiseTo(registry_switch_family.Add({}), now.registry_switches);
}

void ServerMetrics::Parts::ShowStore(const MetricsSnapshot& now) {
  Set(filter_gauge_family.Add({{"of", "available"}}), now.store_available ? 1 : 0);
  Set(filter_gauge_family.Add({{"of", "history_waiting"}}), now.history_waiting);
  Set(filter_gauge_family.Add({{"of", "spool_bytes"}}), now.spool_bytes);
  const auto raise = [&](const char* event, size_t value) {
    RaiseTo(filter_count_family.Add({{"event", event}}), value);
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

std::string ServerMetrics::Scrape(Clock::time_point now_on_clock) const {
  Parts& p = *parts_;
  p.RemoveOld(now_on_clock);
  const MutexLock lock(p.scraping);
  if (p.snapshot) p.Show(p.snapshot());
  return prometheus::TextSerializer().Serialize(p.registry.Collect());
}

}  // namespace winnow
