/// Results as in src/base/result.h, whose errors are made by one call.
#ifndef WINNOW_BASE_RESULT_H_
#define WINNOW_BASE_RESULT_H_

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "winnow/error.h"

namespace winnow {

template <typename T>
using Result = std::expected<T, Error>;

std::unexpected<Error> Fail(ErrorCode code, std::string_view message, std::string_view hint = {});

}  // namespace winnow

#define TRY(expression)                                                                      \
  __extension__({                                                                            \
    auto try_result_ = (expression);                                                         \
    if (!try_result_) return std::unexpected(::winnow::ReturnedError{&try_result_.error()}); \
    *std::move(try_result_);                                                                 \
  })

#endif  // WINNOW_BASE_RESULT_H_
