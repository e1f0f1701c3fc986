/// linear.bin: a linear classifier in one file, little-endian.
///
///     bytes 0-7     "WNLINEAR"
///     u32           version: 1
///     u8 x 4        analyzer, kind, multi-label, flags (1: sublinear, 2: lowercase, 4: Platt scales,
///                   8: words are ASCII, 16: of one character too, 32: rows are not brought to length 1)
///     i32 x 4       the fewest and the most symbols of n-grams; of characters with both analyzers
///     i64           max_features, as it was asked for
///     u64 x 5       labels, outputs, features, word features, bytes of the vocabulary
///     zeros to byte 128
///     f32           weights [features, outputs], zeros to a multiple of 64 bytes
///     f32           idf [features], bias [outputs], Platt scales [outputs, 2] where there are any
///     u8            the vocabulary to the end of the file: of each feature, in order, a byte whose high half is the
///                   number of bytes that it has in common with the one before, and whose low half the number of bytes
///                   that follow; 15 means 15 and the number that follows in base 128, low digits first, all but the
///                   last with the highest bit set
///
/// The weights are used where they are mapped; the rest is copied, and tables are built of the vocabulary.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linear/features.h"
#include "linear/linear_labels.h"
#include "linear/platt.h"
#include "linear/solver.h"

namespace winnow {

struct LinearContents {
  Vectorizer vectorizer;
  LinearKind kind = LinearKind::kLogistic;
  size_t labels = 0, outputs = 0;
  bool multi_label = false;
  std::span<const float> weights;  ///< weights, which are owned by the caller
  std::vector<float> bias;
  std::vector<PlattScale> platt;
};

/// Checks contents. `where` is the beginning of error messages. Errors: kInvalidModel if sizes disagree or a number is
/// not finite.
Result<void> CheckLinearContents(const LinearContents& contents, std::string_view where);

/// Reads linear.bin from memory, which must be aligned to floats and must outlive the result's weights. Takes less
/// memory than a hundred times `bytes`. Errors: kInvalidModel; kUnsupported for other versions.
Result<LinearContents> ParseLinearFile(std::span<const std::byte> bytes, std::string_view where);

/// Writes linear.bin, atomically. Errors: kIo.
Result<void> WriteLinearFile(const std::filesystem::path& path, const LinearContents& contents);

}  // namespace winnow
