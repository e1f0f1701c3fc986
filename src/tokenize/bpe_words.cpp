// Follows tokenizers/src/models/bpe (BPE::merge_word) of Hugging Face's tokenizers; bpe_merges.h merges.
#include "tokenize/bpe_words.h"

#include <cstdio>

#include "text/utf8.h"

namespace winnow {
namespace {

constexpr char32_t kLetters = 0x200;  // has byte-level BPE's letters

}  // namespace

class BpeWords::Word {
 public:
  Word(const BpeWords& model, std::string_view word) : model_(model), word_(word) {}

  void Encode(std::vector<WordToken>& tokens) {
    for (size_t i = 0; i < word_.size();) {
      const size_t begin = i;
      const char32_t character = NextCodePoint(word_, i);
      AddCharacter(character, static_cast<uint32_t>(begin), static_cast<uint32_t>(i));
    }
    if (pending_.id >= 0) Add(pending_);
    symbols_.Merge(model_.merges_);
    symbols_.ForEach([&](const BpeWord::Symbol& symbol) { tokens.push_back({symbol.id, symbol.begin, symbol.end}); });
  }

 private:
  void Add(WordToken token) { symbols_.Add(token.id, token.begin, token.end); }

  void AddCharacter(char32_t character, uint32_t begin, uint32_t end) {
    const BpeParts& parts = model_.parts_;
    std::string_view text = word_.substr(begin, end - begin);
    const bool continues = begin > 0 && !parts.continuing_prefix.empty();
    const bool last = end == word_.size() && !parts.word_suffix.empty();
    const bool alone = !continues && !last;
    if (!alone) {
      written_ = (continues ? parts.continuing_prefix : "") + std::string(text) + (last ? parts.word_suffix : "");
      text = written_;
    }
    if (const int32_t id = alone ? model_.IdOf(character, text) : model_.Find(text); id >= 0) {
      if (pending_.id >= 0) Add(std::exchange(pending_, WordToken{}));
      return Add({id, begin, end});
    }
    if (parts.byte_fallback && AddBytes(text, begin, end)) return;
    if (model_.unknown_id_ < 0) return;
    if (pending_.id >= 0 && parts.fuse_unknown) {
      pending_.end = end;
      return;
    }
    if (pending_.id >= 0) Add(pending_);
    pending_ = {model_.unknown_id_, begin, end};
  }

  bool AddBytes(std::string_view text, uint32_t begin, uint32_t end) {
    for (const char c : text) {
      if (model_.bytes_[static_cast<unsigned char>(c)] < 0) return false;
    }
    for (const char c : text) Add({model_.bytes_[static_cast<unsigned char>(c)], begin, end});
    return true;
  }

  const BpeWords& model_;
  const std::string_view word_;
  BpeWord symbols_;
  std::string written_;
  WordToken pending_;  // an unknown character that is not a symbol yet
};

Result<std::unique_ptr<const WordModel>> BpeWords::Make(BpeParts parts, std::string_view where) {
  std::unique_ptr<BpeWords> model(new BpeWords);
  model->parts_ = std::move(parts);
  const std::vector<std::string>& pieces = model->parts_.pieces;
  model->ids_.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].empty() || model->ids_.emplace(pieces[id], static_cast<int32_t>(id)).second) continue;
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": '" + pieces[id] + "' occurs twice in the vocabulary");
  }
  for (char32_t letter = 0; letter < kLetters; ++letter) {
    std::string piece;
    AppendUtf8(letter, piece);
    model->letters_.push_back(model->Find(piece));
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    model->bytes_[byte] = model->Find(name);
  }
  if (const std::string& unknown = model->parts_.unknown; !unknown.empty()) {
    model->unknown_id_ = model->Find(unknown);
    if (model->unknown_id_ < 0)
      return Fail(ErrorCode::kInvalidModel, std::string(where) + ": the vocabulary has no " + unknown);
  }
  TRY(model->AddMerges(where));
  return model;
}

Result<void> BpeWords::AddMerges(std::string_view where) {
  merges_ = BpeMerges(parts_.merges.size());
  for (uint32_t rank = 0; rank < parts_.merges.size(); ++rank) {
    const auto& [left, right] = parts_.merges[rank];
    const size_t prefix = std::min(parts_.continuing_prefix.size(), right.size());
    const int32_t left_id = Find(left), right_id = Find(right), id = Find(left + right.substr(prefix));
    if (left_id < 0 || right_id < 0 || id < 0) {
      std::string message(where);
      message.append(": the merge ").append(std::to_string(rank)).append(" ('").append(left).append("', '");
      return Fail(ErrorCode::kInvalidModel,
                  message.append(right).append("') uses or produces a piece that is not in the vocabulary"));
    }
    merges_.Add(left_id, right_id, rank, id);
  }
  return {};
}

int32_t BpeWords::Find(std::string_view piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() ? -1 : found->second;
}

int32_t BpeWords::IdOf(char32_t character, std::string_view bytes) const {
  return character < letters_.size() ? letters_[character] : Find(bytes);
}

void BpeWords::Encode(std::string_view word, std::vector<WordToken>& tokens) const {
  if (parts_.ignore_merges) {
    if (const int32_t id = Find(word); id >= 0) {
      tokens.push_back({id, 0, static_cast<uint32_t>(word.size())});
      return;
    }
  }
  Word(*this, word).Encode(tokens);
}

Json BpeWords::Describe() const {
  Json vocab = Json::object(), merges = Json::array();
  for (size_t id = 0; id < parts_.pieces.size(); ++id) {
    if (!parts_.pieces[id].empty()) vocab.items().emplace_back(parts_.pieces[id], id);
  }
  for (const auto& [left, right] : parts_.merges) merges.push_back(Json::array({left, right}));
  const auto optional = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", optional(parts_.unknown)},
          {"continuing_subword_prefix", optional(parts_.continuing_prefix)},
          {"end_of_word_suffix", optional(parts_.word_suffix)},
          {"fuse_unk", parts_.fuse_unknown},
          {"byte_fallback", parts_.byte_fallback},
          {"ignore_merges", parts_.ignore_merges},
          {"vocab", std::move(vocab)},
          {"merges", std::move(merges)}};
}

}  // namespace winnow
