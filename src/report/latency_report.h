/// The latency of a model as a table for people and as JSON for machines: what `winnow bench` prints.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/latency.h"

namespace winnow {

/// Returns {load_ms, p50_ms, p95_ms, p99_ms, mean_ms, single_per_s, batch_N_per_s ..., tokens_p50_ms, tokens_p95_ms,
/// tokens_p99_ms, resident_mb, resident_file_mb, resident_after_mb, bundle_mb, threads, isa, int8_instructions,
/// weights, texts, tokens_per_text, throughput: [{threads, batch_size, texts_per_s, tokens_per_s}], cpu, extensions,
/// version}. Values about tokens are null for a linear model, and int8_instructions for other weights than INT8.
Json LatencyJson(const LatencyReport& report);

/// Returns tables of the times of single texts, and of the throughput by batch size and threads.
std::string LatencyText(const LatencyReport& report);

}  // namespace winnow
