/// What may call a route.
#pragma once

namespace winnow {

/// Each includes those before it.
enum class Role { kPublic, kClassify, kFeedback, kAdmin };

}  // namespace winnow
