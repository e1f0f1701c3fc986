#include "tokenize/added_tokens.h"

#include <algorithm>

#include "text/character_classes.h"
#include "text/utf8.h"

namespace winnow {
namespace {

/// Returns where the last character of `text`, which is not empty, begins.
size_t LastCharacter(std::string_view text) {
  size_t begin = text.size() - 1;
  while (begin > 0 && text.size() - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return begin;
}

bool EndsWithWord(std::string_view text) {
  if (text.empty()) return false;
  size_t i = LastCharacter(text);
  return IsWordCharacter(NextCodePoint(text, i));
}
bool BeginsWithWord(std::string_view text) {
  size_t i = 0;
  return !text.empty() && IsWordCharacter(NextCodePoint(text, i));
}

size_t WhiteSpaceAtEnd(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    const size_t begin = LastCharacter(text.substr(0, end));
    size_t i = begin;
    if (ClassOf(NextCodePoint(text, i)) != CharacterClass::kSpace) break;
    end = begin;
  }
  return text.size() - end;
}
size_t WhiteSpaceAtBegin(std::string_view text) {
  size_t end = 0;
  for (size_t i = 0; i < text.size(); end = i) {
    if (ClassOf(NextCodePoint(text, i)) != CharacterClass::kSpace) break;
  }
  return end;
}

}  // namespace

void AddedTokenSet::Add(const AddedToken& token, std::string text, bool has_role) {
  if (text.empty() || texts_.contains(text)) return;
  has_plain_ = has_plain_ || !has_role;
  entries_.push_back(std::make_unique<const Entry>(
      Entry{std::move(text), token.id, has_role, token.single_word, token.lstrip, token.rstrip}));
  texts_.insert(entries_.back()->text);
}

void AddedTokenSet::Build() {
  std::vector<std::pair<std::string_view, int32_t>> pieces;
  for (size_t i = 0; i < entries_.size(); ++i) pieces.emplace_back(entries_[i]->text, static_cast<int32_t>(i));
  trie_ = PieceTrie(std::move(pieces));
}

/// Each run of white space is walked through once, even if each of its characters is a token.
size_t AddedTokenSet::Search::EndOfWhiteSpace(size_t begin) {
  if (begin < space_begin_ || begin > space_end_) {
    space_begin_ = begin;
    space_end_ = begin + WhiteSpaceAtBegin(text_.substr(begin));
  }
  return space_end_;
}

std::optional<AddedTokenSet::Match> AddedTokenSet::Search::Next() {
  while (at_ < text_.size()) {
    const size_t length = set_.trie_.LongestPrefix(text_.substr(at_));
    if (length == 0) {
      ++at_;
      continue;
    }
    Match match = {.begin = at_, .end = at_ + length};
    const Entry& entry = *set_.entries_[static_cast<size_t>(set_.trie_.Find(text_.substr(at_, length)))];
    // Whatever becomes of the match, no other one begins within it.
    at_ = match.end;
    if (entry.has_role && !parse_special_tokens_) continue;
    if (entry.single_word && (EndsWithWord(text_.substr(0, match.begin)) || BeginsWithWord(text_.substr(match.end))))
      continue;
    if (entry.lstrip) {
      match.begin =
          match.begin <= done_ ? done_ : match.begin - WhiteSpaceAtEnd(text_.substr(done_, match.begin - done_));
    }
    if (entry.rstrip) match.end = EndOfWhiteSpace(match.end);
    match.id = entry.id;
    done_ = match.end;
    // The token before may have absorbed all of it.
    if (match.begin >= match.end) continue;
    return match;
  }
  return std::nullopt;
}

}  // namespace winnow
