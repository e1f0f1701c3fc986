/// Which positions the tokens of a text have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bundle/model_config.h"

namespace winnow {

/// Calls visit(begin, count, position) for the runs of a text's tokens whose positions follow each other: token begin +
/// i has row position + i of the position table. One run where every token has a position of its own; else
/// (PositionPadding) positions count the tokens that are not padding, as transformers'
/// create_position_ids_from_input_ids does, and a token of padding has the padding's position.
template <class Visit>
void ForEachPositionRun(const ModelConfig& config, std::span<const int32_t> ids, const Visit& visit) {
  const int padding = PositionPadding(config);
  size_t position = static_cast<size_t>(padding + 1);
  for (size_t begin = 0; begin < ids.size();) {
    size_t end = begin;
    while (end < ids.size() && ids[end] != padding) ++end;
    if (end > begin) visit(begin, end - begin, position);
    position += end - begin;
    if (end < ids.size()) visit(end, size_t{1}, static_cast<size_t>(padding));
    begin = end + 1;
  }
}

}  // namespace winnow
