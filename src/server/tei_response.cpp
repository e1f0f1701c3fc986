#include "server/tei_response.h"

#include <string>
#include <utility>

namespace winnow {

HttpReply AsTei(const HttpReply& reply) {
  return [reply](HttpResponse response) {
    if (response.status == 500) {
      return reply(
          ErrorResponse(424, "Backend", "inference failed; see the server's log under the ID of this request"));
    }
    reply(std::move(response));
  };
}

void AddTeiHeaders(const TeiCosts& costs, HttpResponse& response) {
  const auto add = [&](const char* name, std::string value) { response.headers.emplace_back(name, std::move(value)); };
  const auto add_time = [&](const char* name, std::chrono::duration<double> time) {
    add(name, std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
  };
  const auto total = std::chrono::steady_clock::now() - costs.arrived;
  add("x-compute-type", "cpu");
  add_time("x-compute-time", total);
  add("x-compute-characters", std::to_string(costs.characters));
  if (costs.times.tokens > 0) add("x-compute-tokens", std::to_string(costs.times.tokens));
  add_time("x-total-time", total);
  add_time("x-tokenization-time", costs.times.tokenize);
  add_time("x-queue-time", costs.times.queue);
  add_time("x-inference-time", costs.times.infer);
}

}  // namespace winnow
