// Any bytes as an expression of a composite; what is read has a value.
#include <cstddef>
#include <cstdint>

#include "filter/rule_expression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto expression = winnow::RuleExpression::Parse({reinterpret_cast<const char*>(data), size});
  if (expression) static_cast<void>(expression->Value([](size_t name) { return name % 2 == 0; }));
  return 0;
}
