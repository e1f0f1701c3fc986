// Any bytes as a file of rules, and the same bytes as a message for it.
#include <cstddef>
#include <cstdint>

#include "filter/rule_set.h"
#include "filter/rule_warnings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string contents(reinterpret_cast<const char*>(data), size);
  const auto rules = winnow::RuleSet::Parse(contents, "fuzz");
  winnow::FilterMessage message;
  message.text = contents;
  if (rules) {
    static_cast<void>((*rules)->Explain(message));
    static_cast<void>(winnow::RuleWarnings(**rules));
  }
  static const auto built_in = winnow::RuleSet::LoadBuiltIn();
  if (built_in) static_cast<void>((*built_in)->Evaluate(message));
  return 0;
}
