#include "server/accept_failures.h"

#include <fmt/format.h>

#include <utility>

namespace winnow {
namespace {

constexpr std::chrono::minutes kBetweenReports(1);
constexpr std::chrono::seconds kQuiet(5);

}  // namespace

std::optional<std::string> AcceptFailures::Failed(std::string_view why, Clock::time_point now) {
  const bool first = failures_++ == 0;
  last_ = now;
  if (!first && now - reported_ < kBetweenReports) return std::nullopt;
  reported_ = now;
  if (!first) {
    return fmt::format("connections still cannot be accepted: {} ({} failures so far)", why, failures_);
  }
  return fmt::format(
      "could not accept a connection: {}; new connections wait until others are closed. If file descriptors ran out, "
      "raise the limit (ulimit -n), or lower --max-connections or --read-timeout",
      why);
}

std::optional<std::string> AcceptFailures::Accepted(Clock::time_point now) {
  if (failures_ == 0 || now - last_ < kQuiet) return std::nullopt;
  return fmt::format("connections are accepted again ({} failures)", std::exchange(failures_, 0));
}

}  // namespace winnow
