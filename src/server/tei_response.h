/// What the responses of Text Embeddings Inference's routes have in common.
#pragma once

#include <chrono>
#include <cstddef>

#include "server/http.h"
#include "server/served_model.h"

namespace winnow {

/// Returns a reply with statuses as Text Embeddings Inference has them: 424 if the model failed.
HttpReply AsTei(const HttpReply& reply);

/// The costs of a request, for the headers of its response.
struct TeiCosts {
  size_t characters = 0;  ///< code points of all texts
  std::chrono::steady_clock::time_point arrived = {};
  ServedTimes times = {};
};

/// Adds the headers x-compute-type, x-compute-time, x-compute-characters, x-compute-tokens, x-total-time,
/// x-tokenization-time, x-queue-time and x-inference-time; times are in milliseconds.
void AddTeiHeaders(const TeiCosts& costs, HttpResponse& response);

}  // namespace winnow
