#include "tokenize/wordpiece_words.h"

#include "text/text_parts.h"

namespace winnow {

void WordPieceWords::Encode(std::string_view word, std::vector<WordToken>& tokens) const {
  vocabulary_.Encode(word, static_cast<int>(CountCodePoints(word)), tokens);
}

Json WordPieceWords::Describe() const { return DescribeWordPiece(vocabulary_); }

Json DescribeWordPiece(const WordPieceVocabulary& vocabulary) {
  Json vocab = Json::object();
  for (size_t id = 0; id < vocabulary.pieces().size(); ++id) {
    // Pieces are unique; looking for each in the object first would take quadratic time.
    if (!vocabulary.pieces()[id].empty()) vocab.items().emplace_back(vocabulary.pieces()[id], id);
  }
  return {{"type", "WordPiece"},
          {"unk_token", vocabulary.options().unknown},
          {"continuing_subword_prefix", vocabulary.options().continuation},
          {"max_input_chars_per_word", vocabulary.options().max_word_chars},
          {"vocab", std::move(vocab)}};
}

}  // namespace winnow
