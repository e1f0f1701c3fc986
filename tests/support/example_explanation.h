/// An explanation of three words, for those who write it out.
#pragma once

#include <string_view>

#include "winnow/classifier.h"

namespace winnow {

inline Explanation ExampleExplanation() {
  return {.label = "spam",
          .score = 0.9f,
          .base = -1,
          .words = {{.begin = 0, .end = 3, .effect = 2, .score_change = 0.3f},
                    {.begin = 4, .end = 6, .effect = -1, .score_change = -0.05f},
                    {.begin = 7, .end = 9, .effect = 0.001f, .score_change = 0}}};
}
inline constexpr std::string_view kExplainedText = "win \u00A3\u00FC at";

}  // namespace winnow
