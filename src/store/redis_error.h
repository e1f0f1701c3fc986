/// Errors of connections to Redis.
#pragma once

#include <cstring>
#include <expected>
#include <string>
#include <utility>

#include "base/result.h"

namespace winnow {

/// The error of a connection that cannot be used any more: kNetwork.
inline std::unexpected<Error> RedisLost(std::string why) { return Fail(ErrorCode::kNetwork, std::move(why)); }
/// `error` is an errno.
inline std::unexpected<Error> RedisLost(int error) { return RedisLost(std::string(std::strerror(error))); }

}  // namespace winnow
