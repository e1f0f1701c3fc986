// Any bytes as a grammar; what is read generates a text.
#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "data/grammar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view contents(reinterpret_cast<const char*>(data), size);
  const auto grammar = winnow::Grammar::Parse(contents, "fuzz");
  if (!grammar) return 0;
  winnow::Random random(1);
  for (size_t label = 0; label < grammar->labels().size(); ++label)
    static_cast<void>(grammar->Expand(label, 0, random));
  return 0;
}
