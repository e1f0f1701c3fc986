/// Points in time as databases store them: UTC, in milliseconds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace winnow {

using StoreTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Returns the present time.
StoreTime StoreNow();

/// Returns the time in the format of RFC 3339, "2026-11-28T20:15:00.125Z", whose alphabetical order is the order of
/// time for the years 0000 to 9999.
std::string TimeText(StoreTime time);

/// Reads what TimeText returns, and times of PostgreSQL in UTC ("2026-11-28 20:15:00.125+00"). Returns nothing for any
/// other text.
std::optional<StoreTime> ParseTimeText(std::string_view text);

}  // namespace winnow
