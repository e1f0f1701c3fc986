/// Waiting for what another thread or process does.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace winnow {

/// Waits until a condition is true. Returns false if it is still false after five minutes.
inline bool Eventually(const std::function<bool()>& true_now) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace winnow
