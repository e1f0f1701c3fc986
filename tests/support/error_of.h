/// The error of what must fail.
#pragma once

#include <gtest/gtest.h>

#include "base/result.h"

namespace winnow {

/// The error that `result` holds; where it holds a value, the test fails, and the error returned is one that no check
/// expects.
template <class T>
Error ErrorOf(const Result<T>& result) {
  if (!result) return result.error();
  ADD_FAILURE() << "no error";
  return {ErrorCode::kInternal, "no error", ""};
}

}  // namespace winnow
