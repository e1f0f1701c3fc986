/// SentencePiece's model files: a protobuf message (google/sentencepiece, src/sentencepiece_model.proto), of which the
/// few fields that encoding needs are read here. Debian's library cannot be used: it contains a protobuf runtime of its
/// own, which can't be in one program with that of libonnx.
#pragma once

#include <string_view>

#include "base/result.h"
#include "tokenize/unigram.h"

namespace winnow {

/// Any bytes are safe: lengths are checked, nothing is nested beyond what is read. Errors: kInvalidModel for what is no
/// such message; kUnsupported, by name, for other models than unigram, and for ways to write white space that differ.
Result<UnigramParts> ParseSentencePieceModel(std::string_view bytes, std::string_view where);

}  // namespace winnow
