#include "server/metrics.h"

#include <map>
#include <utility>

#include "server/decision_counts.h"
#include "server/metric_families.h"

namespace winnow {
namespace {

using prometheus::Counter;
using prometheus::Histogram;

/// Returns the name of an error that Text Embeddings Inference uses for this status.
const char* TeiError(int status) {
  if (status == 429) return "overloaded";
  if (status == 503) return "timeout";
  return status < 500 ? "validation" : "inference";
}

}  // namespace

std::string ServerMetrics::Parts::PredictionKey(std::string_view model, std::string_view version,
                                                std::string_view decision) {
  std::string key(model);
  for (const std::string_view part : {version, decision}) key.append(1, '\0').append(part);
  return key;
}

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
    histogram = p.seconds[key.first] = &p.seconds_family.Add({{"route", name}}, Parts::kSeconds);
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
  p.predictions[Parts::PredictionKey(name, version, {})] = &p.abstention_family.Add(labels);
  for (const std::string& decision : decisions) {
    prometheus::Labels with_decision = labels;
    with_decision["label"] = decision;
    p.predictions[Parts::PredictionKey(name, version, decision)] = &p.prediction_family.Add(with_decision);
  }
}

void ServerMetrics::RemoveModel(std::string_view name, std::string_view version, Clock::time_point now) {
  const WriterLock lock(parts_->mutex);
  Parts::Served& served = parts_->served[{std::string(name), std::string(version)}];
  --served.times;
  served.until = now;
}

void ServerMetrics::Predicted(const DecisionCounts& counts) {
  Parts& p = *parts_;
  const ReaderLock lock(p.mutex);
  const auto count = [&](std::string_view decision, size_t texts) REQUIRES_SHARED(p.mutex) {
    const auto found = p.predictions.find(Parts::PredictionKey(counts.model, counts.version, decision));
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
    histogram = p.filter_steps[std::string(step)] =
        &p.filter_step_family.Add({{"step", std::string(step)}}, Parts::kSeconds);
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

}  // namespace winnow
