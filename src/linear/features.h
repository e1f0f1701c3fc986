/// Texts to TF-IDF features, with scikit-learn's semantics (TfidfVectorizer 1.9; Pedregosa et al. 2011).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/sparse_rows.h"

namespace winnow {

enum class Analyzer {
  kWord,    ///< n-grams of words of two characters or more: the token pattern (?u)\b\w\w+\b
  kChar,    ///< n-grams of characters, of the whole text
  kCharWb,  ///< n-grams of characters within words, padded with a space at both ends
  kBoth,    ///< words and char_wb, each its own TF-IDF (and its own max_features), side by side: scikit-learn's
            ///< FeatureUnion
};

struct FeatureOptions {
  Analyzer analyzer = Analyzer::kWord;
  int min_ngram = 1, max_ngram = 3;            ///< of words, or of characters where there are no words
  int min_char_ngram = 1, max_char_ngram = 5;  ///< of characters, with kBoth
  int64_t max_features = 10000;                ///< the most frequent in all texts together; 0: all
  bool sublinear = false;                      ///< 1 + log(tf) instead of tf
  bool lowercase = true;
  bool operator==(const FeatureOptions&) const = default;
};

}  // namespace winnow
