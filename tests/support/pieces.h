/// What a model of pieces (tokenize/piece_model.h) makes of a text, to be read in a test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenize/piece_model.h"

namespace winnow {

/// The pieces of `text` with spaces between them: "▁a b".
inline std::string Pieces(const PieceModel& model, std::string_view text) {
  std::vector<int32_t> ids;
  model.Encode(text, 0, 1u << 30, ids, nullptr);
  std::string joined;
  for (const int32_t id : ids) joined += (joined.empty() ? "" : " ") + std::string(model.piece(id));
  return joined;
}

}  // namespace winnow
