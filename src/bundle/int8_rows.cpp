#include "bundle/int8_rows.h"

#include <algorithm>
#include <cmath>

namespace winnow {

void RoundRowsToInt8(size_t rows, size_t columns, const float* values, int8_t* bytes, float* scales) {
  for (size_t r = 0; r < rows; ++r, values += columns, bytes += columns) {
    float largest = 0;
    for (size_t i = 0; i < columns; ++i) largest = std::max(largest, std::abs(values[i]));
    const float scale = largest / 127.0f;
    scales[r] = std::isnormal(scale) ? scale : 1.0f;  // rows so small that their 127th part is subnormal become zeros
    for (size_t i = 0; i < columns; ++i) {
      bytes[i] = static_cast<int8_t>(std::clamp(std::nearbyint(values[i] / scales[r]), -127.0f, 127.0f));
    }
  }
}

}  // namespace winnow
