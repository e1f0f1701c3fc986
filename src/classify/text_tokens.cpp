#include "classify/text_tokens.h"

#include <algorithm>
#include <string>

#include "text/disguise.h"
#include "text/segments.h"
#include "text/utf8.h"
#include "tokenize/tokenizer.h"

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

std::vector<TextToken> TokensOfText(const BundleClassifier& classifier, std::string_view text, bool special) {
  const Tokenizer& tokenizer = *classifier.tokenizer();
  const bool fold = classifier.manifest().fold_disguises;
  std::vector<uint32_t> ends;
  const std::string folded = fold ? FoldDisguises(text, &ends) : "";
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  tokenizer.Encode(fold ? std::string_view(folded) : text, {.add_special_tokens = special}, ids, &spans);
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
    if (fold) {
      token.begin = token.begin == 0 ? 0 : ends[token.begin - 1];
      token.end = token.end == 0 ? 0 : ends[token.end - 1];
    }
    if (token.special) continue;
    token.point_begin = begins.At(token.begin);
    token.point_end = std::max(point_ends.At(token.end), token.point_begin);
  }
  return tokens;
}

bool IsCut(const BundleClassifier& classifier, std::string_view text, bool segmented) {
  const Tokenizer* const tokenizer = classifier.tokenizer();
  const Manifest& manifest = classifier.manifest();
  const size_t division = segmented ? text.find(kSegmentSeparator) : std::string_view::npos;
  const bool pair = division != std::string_view::npos && classifier.reads_pairs();
  if (tokenizer == nullptr || (manifest.long_text == LongText::kWindows && !pair)) return false;
  const std::string folded = manifest.fold_disguises ? FoldDisguises(text) : "";
  const std::string_view read = manifest.fold_disguises ? folded : text;
  const int one_more = manifest.max_length + 1;
  std::vector<int32_t> ids;
  if (pair) {
    const size_t end = read.find(kSegmentSeparator);
    tokenizer->EncodePair(read.substr(0, end), read.substr(end + 1), one_more, PairCut::kFirst, ids);
  } else if (segmented) {
    tokenizer->EncodeSegments(read, one_more, ids);
  } else {
    tokenizer->Encode(read, one_more, ids);
  }
  return ids.size() > static_cast<size_t>(manifest.max_length);
}

}  // namespace winnow
