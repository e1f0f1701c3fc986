/// Changes that a tokenizer.json's normaliser makes to a whole text before the rules of its model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/bert_characters.h"
#include "tokenize/tokenizer.h"

namespace winnow {

enum class RewriteStep : uint8_t { kNmt, kNfc, kNfd, kNfkc, kNfkd, kLowercase };

/// A sequence of steps, applied one after the other. Thread-safe when const.
class Rewriter {
 public:
  explicit Rewriter(std::vector<RewriteStep> steps);

  bool empty() const { return steps_.empty(); }
  std::span<const RewriteStep> steps() const { return steps_; }

  /// Returns the rewritten text. `sources`, unless null, becomes the range in `text` that each byte of the result came
  /// from.
  std::string Apply(std::string_view text, std::vector<TokenSpan>* sources) const;

 private:
  std::vector<RewriteStep> steps_;
  std::unique_ptr<BertCharacters> lower_;
};

}  // namespace winnow
