#include "classify/text_tokens.h"

#include <algorithm>

#include "text/utf8.h"

namespace winnow {
namespace {

/// Places of a text in bytes, asked for in ascending order, as code points. Linear: it never goes back.
class PointCounter {
 public:
  explicit PointCounter(std::string_view text) : text_(text) {}

  size_t At(size_t place) {
    for (; at_ < place; ++points_) NextCodePoint(text_, at_);
    return points_;
  }

 private:
  std::string_view text_;
  size_t at_ = 0, points_ = 0;
};

}  // namespace

std::vector<TextToken> TokensOfText(const TextEncoder& encoder, std::string_view text, bool special) {
  const Tokenizer& tokenizer = encoder.tokenizer();
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  encoder.EncodeWithSpans(text, {.add_special_tokens = special}, ids, spans);
  const size_t before = special ? tokenizer.before().size() : 0, after = special ? tokenizer.after().size() : 0;
  std::vector<TextToken> tokens(ids.size());
  PointCounter begins(text), point_ends(text);
  for (size_t i = 0; i < ids.size(); ++i) {
    TextToken& token = tokens[i];
    token.id = ids[i];
    token.piece = tokenizer.TokenText(ids[i]);
    token.special = i < before || i + after >= ids.size();
    token.begin = spans[i].begin;
    token.end = spans[i].end;
    if (token.special) continue;
    token.point_begin = begins.At(token.begin);
    token.point_end = std::max(point_ends.At(token.end), token.point_begin);
  }
  return tokens;
}

}  // namespace winnow
