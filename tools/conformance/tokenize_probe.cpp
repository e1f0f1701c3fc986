// The token ids of texts, for tools/conformance/tokenizer_variants.py, which compares thousands of tokenizers: as
// `winnow tokenize`, whose start would take most of the time. Reads lines of JSON from standard input, and writes a
// line of JSON for each:
//   {"directory", "texts": [...], "special", "max_length"}  ->  {"ids": [[...], ...]} or {"error"}
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "classify/text_encoder.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

Json Outcome(const Json& order) {
  const Result<Tokenizer> tokenizer = Tokenizer::Load(order.at("directory").str());
  if (!tokenizer) return {{"error", tokenizer.error().Text()}};
  const TextEncoder encoder(*tokenizer, {});
  Json all = Json::array();
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  for (const Json& text : order.at("texts")) {
    ids.clear();
    spans.clear();
    encoder.EncodeWithSpans(
        text.str(),
        {.max_length = order.at("max_length").get<int>(), .parse_special_tokens = order.at("special").get<bool>()}, ids,
        spans);
    all.push_back(Json(ids));
  }
  return {{"ids", std::move(all)}};
}

}  // namespace
}  // namespace winnow

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const winnow::Result<winnow::Json> order = winnow::ParseJson(line, "order");
    if (!order) return 2;
    std::cout << winnow::Outcome(*order).dump() << std::endl;
  }
}
