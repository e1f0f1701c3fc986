#include "classify/text_encoder.h"

#include <algorithm>

#include "text/folded_text.h"

namespace winnow {
namespace {

/// The memory that a larger text took, in bytes, is given back at once: a server meets one a year.
constexpr size_t kLargeText = size_t{1} << 22;

void Append(std::span<const int32_t> tokens, std::vector<int32_t>& ids) {
  ids.insert(ids.end(), tokens.begin(), tokens.end());
}

}  // namespace

void TextEncoder::Encode(std::span<const InputTextView> texts, TokenizedTexts& out) const {
  for (const InputTextView text : texts) EncodeRead(FoldedText(text, options_.fold_disguises).text(), out);
}

void TextEncoder::EncodeForTraining(InputTextView text, PackedBatch& out) const {
  const LongText long_text = options_.long_text == LongText::kWindows ? LongText::kHeadTail : options_.long_text;
  EncodeWhole(FoldedText(text, options_.fold_disguises).text(), long_text, out);
}

void TextEncoder::EncodeWithSpans(std::string_view text, const Tokenizer::EncodeOptions& options,
                                  std::vector<int32_t>& ids, std::vector<TokenSpan>& spans) const {
  const FoldedText folded(text, options_.fold_disguises, FoldedText::Places::kKept);
  const size_t before = spans.size();
  tokenizer_->Encode(folded.text().joined(), options, ids, &spans);
  for (TokenSpan& span : std::span(spans).subspan(before)) {
    span = {folded.OriginalBegin(span.begin), folded.OriginalEnd(span.end)};
  }
}

bool TextEncoder::Cuts(InputTextView text) const {
  if (options_.long_text == LongText::kWindows && !ReadsAsPair(text)) return false;
  const FoldedText folded(text, options_.fold_disguises);
  const InputTextView read = folded.text();
  const int one_more = options_.max_length + 1;
  std::vector<int32_t> ids;
  if (ReadsAsPair(read)) {
    tokenizer_->EncodePair(read.first(), read.rest().joined(), one_more, PairCut::kFirst, ids);
  } else {
    tokenizer_->Encode(read, one_more, ids);
  }
  return ids.size() > static_cast<size_t>(options_.max_length);
}

/// A text that is folded already.
void TextEncoder::EncodeRead(InputTextView text, TokenizedTexts& out) const {
  if (ReadsAsPair(text)) return EncodePair(text, out);
  if (options_.long_text == LongText::kWindows) {
    EncodeWindows(text, out);
  } else {
    EncodeWhole(text, options_.long_text, out.windows);
  }
  out.begins.push_back(static_cast<int32_t>(out.windows.texts()));
  if (options_.long_text == LongText::kHead || text.joined().size() <= kLargeText) return;
  out.windows.ids.shrink_to_fit();
  std::vector<int32_t>().swap(out.scratch);  // = {} would keep its capacity
}

void TextEncoder::EncodePair(InputTextView text, TokenizedTexts& out) const {
  const size_t second_begin = tokenizer_->EncodePair(text.first(), text.rest().joined(), options_.max_length,
                                                     PairCut::kLonger, out.windows.ids);
  if (options_.segments == SegmentReading::kTypedPair) {
    out.windows.EndPair(second_begin);
  } else {
    out.windows.EndText();
  }
  out.begins.push_back(static_cast<int32_t>(out.windows.texts()));
}

void TextEncoder::EncodeWhole(InputTextView text, LongText long_text, PackedBatch& out) const {
  if (long_text == LongText::kHead) {
    tokenizer_->Encode(text, options_.max_length, out.ids);
  } else {
    tokenizer_->EncodeHeadTail(text, options_.max_length, out.ids);
  }
  out.EndText();
}

/// The windows of one text; one where they would have no room beside the special tokens.
void TextEncoder::EncodeWindows(InputTextView text, TokenizedTexts& out) const {
  const size_t special = tokenizer_->before().size() + tokenizer_->after().size();
  if (static_cast<size_t>(std::max(options_.max_length, 0)) <= special) {
    return EncodeWhole(text, LongText::kHeadTail, out.windows);
  }
  const size_t room = static_cast<size_t>(options_.max_length) - special;
  // As a whole text into its place, where nearly all of them stay.
  std::vector<int32_t>& ids = out.windows.ids;
  Append(tokenizer_->before(), ids);
  const size_t begin = ids.size();
  size_t lead = tokenizer_->EncodeContent(text, Tokenizer::kMostTokens, ids);
  if (ids.size() - begin <= room) {
    Append(tokenizer_->after(), ids);
    return out.windows.EndText();
  }
  out.scratch.assign(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.end());
  ids.resize(begin - tokenizer_->before().size());
  if (2 * lead > room) lead = 0;
  const std::span<const int32_t> content = out.scratch;
  const size_t size = room - lead;
  const Windows windows(content.size() - lead, size);
  for (size_t w = 0; w < windows.count; ++w) {
    Append(tokenizer_->before(), ids);
    Append(content.first(lead), ids);
    Append(content.subspan(lead + windows.Begin(w), size), ids);
    Append(tokenizer_->after(), ids);
    out.windows.EndText();
  }
}

TextEncoderOptions EncoderOptionsOf(const Manifest& manifest) {
  return {
      .max_length = manifest.max_length, .long_text = manifest.long_text, .fold_disguises = manifest.fold_disguises};
}

}  // namespace winnow
