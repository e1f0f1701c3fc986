// What all kinds of tokenizers have in common: added tokens are found in a text, what lies between them goes to the
// kind's model, and the post-processor's tokens go around it all.
#include "tokenize/tokenizer.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/ascii.h"
#include "tokenize/added_tokens.h"
#include "tokenize/piece_model.h"
#include "tokenize/wordpiece_model.h"

namespace winnow {
namespace {

/// Appends as many of `tokens` as there is room for.
void AddTokens(std::span<const int32_t> tokens, size_t end, std::vector<int32_t>& ids, std::vector<TokenSpan>* spans) {
  for (const int32_t id : tokens) {
    if (ids.size() >= end) return;
    ids.push_back(id);
    if (spans != nullptr) spans->push_back({});
  }
}

/// Leaves the last `room` of the tokens from `begin` on.
void CutBegin(size_t begin, size_t room, std::vector<int32_t>& ids, std::vector<TokenSpan>* spans) {
  if (ids.size() <= begin + room) return;
  const auto from = static_cast<std::ptrdiff_t>(begin), to = static_cast<std::ptrdiff_t>(ids.size() - room);
  ids.erase(ids.begin() + from, ids.begin() + to);
  if (spans == nullptr) return;
  // The caller's spans may have other tokens before.
  const auto other = static_cast<std::ptrdiff_t>(spans->size() - ids.size()) - (to - from);
  spans->erase(spans->begin() + other + from, spans->begin() + other + to);
}

/// Returns a place near `size` where a space divides two letters or digits of ASCII; 0 if there is none.
size_t PlaceBetweenWords(std::string_view text, size_t size) {
  constexpr size_t kFar = 1024;
  for (size_t i = size; i + kFar > size && i > 1; --i) {
    if (i + 1 < text.size() && text[i] == ' ' && IsAsciiAlphanumeric(text[i - 1]) && IsAsciiAlphanumeric(text[i + 1]))
      return i;
  }
  return 0;
}

size_t Positive(int max_length) { return static_cast<size_t>(std::max(max_length, 0)); }

/// The room for a text's own tokens: `size` ids from ids[begin] on; with the special tokens behind them up to `end`.
struct Room {
  size_t begin, size, end;
};

/// Appends the special tokens before a text, and leaves room for `others`, those that are appended later.
Room BeginText(const TokenFrame& frame, int max_length, size_t others, std::vector<int32_t>& ids,
               std::vector<TokenSpan>* spans) {
  const size_t end = ids.size() + Positive(max_length);
  AddTokens(frame.before, end, ids, spans);
  const size_t begin = ids.size();
  return {.begin = begin, .size = end - begin - std::min(end - begin, others), .end = end};
}

struct PairSizes {
  size_t first, second;
};

/// Returns how many tokens of each text of a pair are kept, so that they fit into `room`.
PairSizes KeptOfPair(PairSizes sizes, size_t room, PairCut cut) {
  const size_t both = sizes.first + sizes.second;
  if (both <= room) return sizes;
  if (cut == PairCut::kFirst) {
    const size_t second = std::min(sizes.second, room);
    return {room - second, second};
  }
  const size_t shorter = std::min({sizes.first, sizes.second, room / 2});
  const size_t longer = room - shorter;
  return sizes.first > sizes.second ? PairSizes{longer, shorter} : PairSizes{shorter, longer};
}

}  // namespace

bool TokenFrame::HasRole(const AddedToken& token) const {
  if (!token.special) return false;
  for (const auto* ids : {&before, &between, &after}) {
    if (std::ranges::find(*ids, token.id) != ids->end()) return true;
  }
  constexpr std::array kNames = {"[PAD]", "[UNK]", "[CLS]", "[SEP]",  "[MASK]",       "<pad>",
                                 "<unk>", "<s>",   "</s>",  "<mask>", "<|endoftext|>"};
  return std::ranges::find(kNames, token.content) != kNames.end() ||
         std::ranges::find(roles, token.content) != roles.end();
}

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
  TRY(tokenizer.FindAddedTokens(where));
  for (const auto* tokens : {&tokenizer.frame_.before, &tokenizer.frame_.between, &tokenizer.frame_.after}) {
    for (const int32_t id : *tokens) {
      if (id < 0 || id >= tokenizer.vocab_size_) {
        return Fail(ErrorCode::kInvalidModel, std::string(where) + ": the post-processor adds the token id " +
                                                  std::to_string(id) + ", but the vocabulary has " +
                                                  std::to_string(tokenizer.vocab_size_) + " tokens");
      }
    }
  }
  if (tokenizer.frame_.between.empty()) tokenizer.frame_.between = tokenizer.frame_.after;
  if (!tokenizer.frame_.after.empty()) {
    tokenizer.separator_id_ = tokenizer.frame_.after.front();
  } else {
    tokenizer.separator_id_ = tokenizer.TokenId("[SEP]");
  }
  return tokenizer;
}

/// Prepares the search for the added tokens, which may lie beyond the pieces.
Result<void> Tokenizer::FindAddedTokens(std::string_view where) {
  auto as_written = std::make_unique<AddedTokenSet>(), normalized = std::make_unique<AddedTokenSet>();
  // Of tokens with the same normal form the special one counts.
  std::ranges::stable_sort(frame_.added, std::greater<>(), &AddedToken::special);
  for (const AddedToken& token : frame_.added) {
    if (token.content.empty() || token.id < 0 || token.id > (1 << 24)) {
      return Fail(ErrorCode::kInvalidModel, std::string(where) + ": an added token has no content, or its id " +
                                                std::to_string(token.id) + " is out of range");
    }
    vocab_size_ = std::max(vocab_size_, token.id + 1);
    if (!token.normalized) {
      as_written->Add(token, token.content, frame_.HasRole(token));
      continue;
    }
    std::optional<MappedText> normal = model_->Normalize(token.content, /*tracked=*/false);
    normalized->Add(token, normal ? std::move(normal->text) : token.content, frame_.HasRole(token));
  }
  as_written->Build();
  normalized->Build();
  if (!as_written->empty()) added_as_written_ = std::move(as_written);
  if (!normalized->empty()) added_normalized_ = std::move(normalized);
  return {};
}

bool Tokenizer::Searches(const std::unique_ptr<const AddedTokenSet>& set, bool parse_special_tokens) {
  return set != nullptr && (parse_special_tokens || set->has_plain());
}

void Tokenizer::Encode(InputTextView text, int max_length, std::vector<int32_t>& ids) const {
  const Room room = BeginText(frame_, max_length, frame_.after.size(), ids, nullptr);
  EncodeContent(text, frame_.cut_begin ? kMostTokens : room.size, ids);
  CutBegin(room.begin, room.size, ids, nullptr);
  AddTokens(frame_.after, room.end, ids, nullptr);
}

void Tokenizer::Encode(std::string_view text, const EncodeOptions& options, std::vector<int32_t>& ids,
                       std::vector<TokenSpan>* spans) const {
  if (!options.add_special_tokens) {
    const size_t begin = ids.size(), end = begin + Positive(options.max_length);
    EncodeText(text, options.parse_special_tokens, frame_.cut_begin ? begin + kMostTokens : end, ids, spans);
    return CutBegin(begin, end - begin, ids, spans);
  }
  const Room room = BeginText(frame_, options.max_length, frame_.after.size(), ids, spans);
  const size_t most = frame_.cut_begin ? kMostTokens : room.size;
  EncodeText(text, options.parse_special_tokens, room.begin + most, ids, spans);
  CutBegin(room.begin, room.size, ids, spans);
  AddTokens(frame_.after, room.end, ids, spans);
}

/// The text alone, up to `limit` ids in all. Of a long text no more is read than that many tokens need: what comes
/// after a place between two words changes no tokens but the few before that place.
void Tokenizer::EncodeText(std::string_view text, bool parse_special_tokens, size_t limit, std::vector<int32_t>& ids,
                           std::vector<TokenSpan>* spans) const {
  if (ids.size() >= limit) return;
  constexpr size_t kChanged = 64;  // tokens before that place
  const size_t begin = ids.size(), room = limit - begin;
  for (size_t size = std::max<size_t>(4096, 16 * room); model_->reads_words() && size < text.size(); size *= 4) {
    const size_t place = PlaceBetweenWords(text, size);
    if (place == 0) continue;
    EncodeAll(text.substr(0, place), parse_special_tokens, limit + kChanged, ids, spans);
    const bool enough = ids.size() >= limit + kChanged;
    const size_t kept = enough ? room : 0;
    if (spans != nullptr) spans->resize(spans->size() - (ids.size() - begin - kept));
    ids.resize(begin + kept);
    if (enough) return;
  }
  EncodeAll(text, parse_special_tokens, limit, ids, spans);
}

/// The text alone, read as a whole.
void Tokenizer::EncodeAll(std::string_view text, bool parse_special_tokens, size_t limit, std::vector<int32_t>& ids,
                          std::vector<TokenSpan>* spans) const {
  const auto gap = [&](size_t begin, size_t end) {
    if (begin < end && ids.size() < limit)
      EncodeGap(text.substr(begin, end - begin), begin, parse_special_tokens, limit, ids, spans);
  };
  size_t done = 0;
  if (Searches(added_as_written_, parse_special_tokens)) {
    AddedTokenSet::Search search(*added_as_written_, text, parse_special_tokens);
    while (ids.size() < limit) {
      const auto match = search.Next();
      if (!match) break;
      gap(done, match->begin);
      ids.push_back(match->id);
      if (spans != nullptr) spans->push_back({static_cast<uint32_t>(match->begin), static_cast<uint32_t>(match->end)});
      done = match->end;
    }
  }
  gap(done, text.size());
  if (ids.size() > limit) {  // takes back what the last word had over the limit
    if (spans != nullptr) spans->resize(spans->size() - (ids.size() - limit));
    ids.resize(limit);
  }
}

/// What lies between the tokens that are searched for in the text as it is written. The others are searched for in its
/// normal form.
void Tokenizer::EncodeGap(std::string_view text, size_t base, bool parse_special_tokens, size_t limit,
                          std::vector<int32_t>& ids, std::vector<TokenSpan>* spans) const {
  if (!Searches(added_normalized_, parse_special_tokens)) return model_->Encode(text, base, limit, ids, spans);
  const std::optional<MappedText> normal = model_->Normalize(text, spans != nullptr);
  const std::string_view searched = normal ? std::string_view(normal->text) : text;
  const auto gap = [&](size_t begin, size_t end) {
    if (begin >= end || ids.size() >= limit) return;
    if (!normal) return model_->Encode(text.substr(begin, end - begin), base + begin, limit, ids, spans);
    MappedText part = normal->Empty();
    part.Append(*normal, begin, end);
    model_->EncodeNormalized(std::move(part), base, limit, ids, spans);
  };
  size_t done = 0;
  AddedTokenSet::Search search(*added_normalized_, searched, parse_special_tokens);
  while (ids.size() < limit) {
    const auto match = search.Next();
    if (!match) break;
    gap(done, match->begin);
    ids.push_back(match->id);
    if (spans != nullptr) {
      TokenSpan span = {static_cast<uint32_t>(match->begin), static_cast<uint32_t>(match->end)};
      if (normal) span = normal->SourceOf(match->begin, match->end);
      spans->push_back({static_cast<uint32_t>(base + span.begin), static_cast<uint32_t>(base + span.end)});
    }
    done = match->end;
  }
  gap(done, searched.size());
}

void Tokenizer::EncodeHeadTail(InputTextView text, int max_length, std::vector<int32_t>& ids) const {
  const Room room = BeginText(frame_, max_length, frame_.after.size(), ids, nullptr);
  const size_t lead = EncodeContent(text, kMostTokens, ids);
  if (const size_t size = ids.size() - room.begin; size > room.size) {
    const auto head = ids.begin() + static_cast<std::ptrdiff_t>(room.begin + HeadTokens(room.size, lead));
    ids.erase(head, head + static_cast<std::ptrdiff_t>(size - room.size));
  }
  AddTokens(frame_.after, room.end, ids, nullptr);
}

size_t Tokenizer::EncodeContent(InputTextView text, size_t limit, std::vector<int32_t>& ids) const {
  const size_t start = ids.size();
  const size_t end = start + limit;
  // Without a separator token nothing can stand between segments.
  if (separator_id_ < 0) text = text.joined();
  size_t lead = 0;
  for (;; text = text.rest()) {
    EncodeText(text.first(), /*parse_special_tokens=*/false, end, ids, nullptr);
    if (!text.has_rest() || ids.size() >= end) return lead;
    ids.push_back(separator_id_);
    lead = ids.size() - start;
  }
}

size_t Tokenizer::EncodePair(std::string_view first, std::string_view second, int max_length, PairCut cut,
                             std::vector<int32_t>& ids) const {
  const size_t start = ids.size();
  const auto [first_begin, room, end] =
      BeginText(frame_, max_length, frame_.between.size() + frame_.after.size(), ids, nullptr);
  const size_t most = frame_.cut_begin ? kMostTokens : room;
  EncodeText(first, /*parse_special_tokens=*/false, first_begin + most, ids, nullptr);
  const size_t first_size = ids.size() - first_begin;
  // Encoded behind the first text, from which then goes what the second needs.
  const size_t second_begin = ids.size();
  EncodeText(second, /*parse_special_tokens=*/false, second_begin + most, ids, nullptr);
  const size_t second_size = ids.size() - second_begin;
  PairSizes sizes = {first_size, second_size};
  if (cut == PairCut::kLonger && !frame_.cut_begin && first_size == room && second_size == room && room % 2 != 0) {
    // Both may have more tokens than were asked for; the one with more gets the odd one.
    std::vector<int32_t> all;
    EncodeText(first, /*parse_special_tokens=*/false, kMostTokens, all, nullptr);
    sizes.first = all.size();
    all.clear();
    EncodeText(second, /*parse_special_tokens=*/false, kMostTokens, all, nullptr);
    sizes.second = all.size();
  }
  const PairSizes kept = KeptOfPair(sizes, room, cut);
  if (frame_.cut_begin) CutBegin(second_begin, kept.second, ids, nullptr);
  ids.resize(second_begin + kept.second);
  const auto first_end = static_cast<std::ptrdiff_t>(second_begin);
  const auto surplus = static_cast<std::ptrdiff_t>(second_begin - first_begin - kept.first);
  const size_t place = first_begin + kept.first;
  const auto from = frame_.cut_begin ? static_cast<std::ptrdiff_t>(first_begin) : first_end - surplus;
  ids.erase(ids.begin() + from, ids.begin() + from + surplus);
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
