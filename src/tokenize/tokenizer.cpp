// What all kinds of tokenizers have in common: added tokens are found in a text, what lies between them goes to the
// kind's model, and the post-processor's tokens go around it all.
#include "tokenize/tokenizer.h"

#include <algorithm>

#include "tokenize/piece_model.h"
#include "tokenize/wordpiece_model.h"

namespace winnow {
namespace {

bool IsSpaceByte(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         byte == '_';
}

/// Appends as many of `tokens` as there is room for.
void AddTokens(std::span<const int32_t> tokens, size_t end, std::vector<int32_t>& ids, std::vector<TokenSpan>* spans) {
  for (const int32_t id : tokens) {
    if (ids.size() >= end) return;
    ids.push_back(id);
    if (spans != nullptr) spans->push_back({});
  }
}

size_t Positive(int max_length) { return static_cast<size_t>(std::max(max_length, 0)); }

struct PairSizes {
  size_t first, second;
};

/// How many tokens of each stay within `room`.
PairSizes KeptOfPair(PairSizes sizes, size_t room, PairCut cut) {
  const size_t both = sizes.first + sizes.second;
  if (both <= room) return sizes;
  if (cut == PairCut::kFirst) return {room - sizes.second, sizes.second};
  const size_t shorter = std::min({sizes.first, sizes.second, room / 2});
  const size_t longer = room - shorter;
  return sizes.first > sizes.second ? PairSizes{longer, shorter} : PairSizes{shorter, longer};
}

}  // namespace

Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::Make(TokenizerParts parts, std::string_view where) {
  auto model = TRY(WordPieceModel::Make(parts, where));
  return Make(std::move(model), std::move(static_cast<TokenFrame&>(parts)), where);
}

Result<Tokenizer> Tokenizer::Make(std::unique_ptr<const PieceModel> model, TokenFrame frame, std::string_view where) {
  Tokenizer tokenizer;
  tokenizer.model_ = std::move(model);
  tokenizer.frame_ = std::move(frame);
  tokenizer.vocab_size_ = static_cast<int>(tokenizer.model_->size());
  // Added tokens may lie beyond the pieces, and are then looked up here alone.
  for (const AddedToken& token : tokenizer.frame_.added) {
    if (token.content.empty() || token.id < 0 || token.id > (1 << 24)) {
      return Fail(ErrorCode::kInvalidModel, std::string(where) + ": an added token has no content, or its id " +
                                                std::to_string(token.id) + " is out of range");
    }
    tokenizer.vocab_size_ = std::max(tokenizer.vocab_size_, token.id + 1);
    tokenizer.plain_added_ = tokenizer.plain_added_ || !token.special;
  }
  for (const auto* tokens : {&tokenizer.frame_.before, &tokenizer.frame_.between, &tokenizer.frame_.after}) {
    for (const int32_t id : *tokens) {
      if (id < 0 || id >= tokenizer.vocab_size_) {
        return Fail(ErrorCode::kInvalidModel, std::string(where) + ": the post-processor adds the token id " +
                                                  std::to_string(id) + ", but the vocabulary has " +
                                                  std::to_string(tokenizer.vocab_size_) + " tokens");
      }
    }
  }
  // Where several match at one place the longest wins.
  std::ranges::stable_sort(tokenizer.frame_.added, [](const AddedToken& a, const AddedToken& b) {
    return a.content.size() > b.content.size();
  });
  if (tokenizer.frame_.between.empty()) tokenizer.frame_.between = tokenizer.frame_.after;
  if (!tokenizer.frame_.after.empty()) {
    tokenizer.separator_id_ = tokenizer.frame_.after.front();
  } else {
    tokenizer.separator_id_ = tokenizer.TokenId("[SEP]");
  }
  return tokenizer;
}

void Tokenizer::Encode(InputTextView text, int max_length, std::vector<int32_t>& ids) const {
  const size_t end = ids.size() + Positive(max_length);
  AddTokens(frame_.before, end, ids, nullptr);
  const size_t room = end - ids.size();
  EncodeContent(text, room - std::min(room, frame_.after.size()), ids);
  AddTokens(frame_.after, end, ids, nullptr);
}

void Tokenizer::Encode(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& ids,
                       std::vector<TokenSpan>* spans) const {
  const size_t end = ids.size() + Positive(options.max_length);
  if (!options.add_special_tokens) return EncodeText(text, options.parse_special_tokens, end, ids, spans);
  AddTokens(frame_.before, end, ids, spans);
  const size_t limit = end - std::min(end - ids.size(), frame_.after.size());
  EncodeText(text, options.parse_special_tokens, limit, ids, spans);
  AddTokens(frame_.after, end, ids, spans);
}

/// The text alone, up to `limit` ids in all.
void Tokenizer::EncodeText(std::string_view text, bool parse_special_tokens, size_t limit, std::vector<int32_t>& ids,
                           std::vector<TokenSpan>* spans) const {
  if (ids.size() >= limit) return;
  size_t begin = 0;
  if (plain_added_ || parse_special_tokens) {
    for (size_t i = 0; i < text.size() && ids.size() < limit; ++i) {
      for (const AddedToken& token : frame_.added) {
        if (token.special && !parse_special_tokens) continue;
        if (!text.substr(i).starts_with(token.content)) continue;
        size_t from = i, to = i + token.content.size();
        if (token.single_word &&
            ((from > 0 && IsWordByte(text[from - 1])) || (to < text.size() && IsWordByte(text[to]))))
          continue;
        while (token.lstrip && from > begin && IsSpaceByte(text[from - 1])) --from;
        while (token.rstrip && to < text.size() && IsSpaceByte(text[to])) ++to;
        model_->Encode(text.substr(begin, from - begin), begin, limit, ids, spans);
        if (ids.size() < limit) {
          ids.push_back(token.id);
          if (spans != nullptr) spans->push_back({static_cast<uint32_t>(from), static_cast<uint32_t>(to)});
        }
        begin = to;
        i = to - 1;
        break;
      }
    }
  }
  if (begin < text.size() && ids.size() < limit) model_->Encode(text.substr(begin), begin, limit, ids, spans);
  if (ids.size() > limit) {  // takes back what the last word had over the limit
    if (spans != nullptr) spans->resize(spans->size() - (ids.size() - limit));
    ids.resize(limit);
  }
}

void Tokenizer::EncodeHeadTail(InputTextView text, int max_length, std::vector<int32_t>& ids) const {
  const size_t end = ids.size() + Positive(max_length);
  AddTokens(frame_.before, end, ids, nullptr);
  const size_t begin = ids.size();
  const size_t room = end - begin - std::min(end - begin, frame_.after.size());
  const size_t lead = EncodeContent(text, kMostTokens, ids);
  if (const size_t size = ids.size() - begin; size > room) {
    const auto head = ids.begin() + static_cast<std::ptrdiff_t>(begin + HeadTokens(room, lead));
    ids.erase(head, head + static_cast<std::ptrdiff_t>(size - room));
  }
  AddTokens(frame_.after, end, ids, nullptr);
}

size_t Tokenizer::EncodeContent(InputTextView text, size_t limit, std::vector<int32_t>& ids) const {
  const size_t start = ids.size();
  const size_t end = start + limit;
  // Without a separator token nothing can stand between segments.
  if (separator_id_ < 0) text = text.joined();
  size_t lead = 0;
  for (;; text = text.rest()) {
    EncodeText(text.first(), false, end, ids, nullptr);
    if (!text.has_rest() || ids.size() >= end) return lead;
    ids.push_back(separator_id_);
    lead = ids.size() - start;
  }
}

size_t Tokenizer::EncodePair(std::string_view first, std::string_view second, int max_length, PairCut cut,
                             std::vector<int32_t>& ids) const {
  const size_t start = ids.size();
  const size_t end = start + Positive(max_length);
  AddTokens(frame_.before, end, ids, nullptr);
  const size_t first_begin = ids.size();
  const size_t room = end - first_begin - std::min(end - first_begin, frame_.between.size() + frame_.after.size());
  EncodeText(first, false, first_begin + room, ids, nullptr);
  const size_t first_size = ids.size() - first_begin;
  // Encoded behind the first text, from which then goes what the second needs.
  const size_t second_begin = ids.size();
  EncodeText(second, false, second_begin + room, ids, nullptr);
  const size_t second_size = ids.size() - second_begin;
  PairSizes sizes = {first_size, second_size};
  if (cut == PairCut::kLonger && first_size == room && second_size == room && room % 2 != 0) {
    // Both may have more tokens than were asked for; the one with more gets the odd one.
    std::vector<int32_t> all;
    EncodeText(first, false, kMostTokens, all, nullptr);
    sizes.first = all.size();
    all.clear();
    EncodeText(second, false, kMostTokens, all, nullptr);
    sizes.second = all.size();
  }
  const PairSizes kept = KeptOfPair(sizes, room, cut);
  ids.resize(second_begin + kept.second);
  const size_t place = first_begin + kept.first;
  ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(place), ids.begin() + static_cast<std::ptrdiff_t>(second_begin));
  const size_t between = std::min(frame_.between.size(), end - first_begin);
  ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(place), frame_.between.begin(),
             frame_.between.begin() + static_cast<std::ptrdiff_t>(between));
  AddTokens(frame_.after, end, ids, nullptr);
  return place + between - start;
}

std::string_view Tokenizer::TokenText(int32_t id) const {
  for (const AddedToken& token : frame_.added) {
    if (token.id == id) return token.content;
  }
  if (id < 0 || static_cast<size_t>(id) >= model_->size()) return {};
  return model_->piece(id);
}

int32_t Tokenizer::TokenId(std::string_view token) const {
  for (const AddedToken& added : frame_.added) {
    if (added.content == token) return added.id;
  }
  return model_->Find(token);
}

int32_t Tokenizer::unknown_id() const { return model_->unknown_id(); }
bool Tokenizer::lowercase() const { return model_->lowercase(); }

}  // namespace winnow
