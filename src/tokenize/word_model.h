/// A model of pieces that tokenizes words: what a pre-tokenizer divides a text into.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// A token of a word, and the bytes [begin, end) of the word that it came from.
struct WordToken {
  int32_t id = -1;
  uint32_t begin = 0, end = 0;
};

/// A model of tokenizer.json, one implementation for each type. Thread-safe when const.
class WordModel {
 public:
  virtual ~WordModel() = default;

  /// Appends the tokens of a word, which is valid UTF-8 and not empty.
  virtual void Encode(std::string_view word, std::vector<WordToken>& tokens) const = 0;

  /// Returns the number of ids, which is the largest id plus one.
  virtual size_t size() const = 0;
  /// Returns the piece of `id`, which must be below size(); empty if no piece has that id.
  virtual std::string_view piece(int32_t id) const = 0;
  /// Returns the id of a piece, or -1 if there is no such piece.
  virtual int32_t Find(std::string_view piece) const = 0;
  virtual int32_t unknown_id() const = 0;
  /// Returns tokenizer.json's "model".
  virtual Json Describe() const = 0;
};

}  // namespace winnow
