/// Result<T>: a value or an Error. TRY returns an error to the caller.
#ifndef WINNOW_BASE_RESULT_H_  // not #pragma once: see cmake/folder.cmake
#define WINNOW_BASE_RESULT_H_

#include <expected>
#include <string>
#include <utility>

#include "winnow/error.h"

namespace winnow {

template <typename T>
using Result = std::expected<T, Error>;

/// Returns an error, for instance `return Fail(ErrorCode::kNotFound, "model.safetensors: no such file", "pull it with
/// ...");`
inline std::unexpected<Error> Fail(ErrorCode code, std::string message, std::string hint = {}) {
  return std::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

}  // namespace winnow

/// Evaluates to the value of an expression of type std::expected, such as a Result. If the expression holds an error,
/// the enclosing function returns that error; the error type of the enclosing function must be constructible from it.
/// For a Result<void>, TRY is a statement.
#define TRY(expression)                                                       \
  __extension__({                                                             \
    auto try_result_ = (expression);                                          \
    if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
    *std::move(try_result_);                                                  \
  })

#endif  // WINNOW_BASE_RESULT_H_
