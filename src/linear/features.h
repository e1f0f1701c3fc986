/// Conversion of texts to TF-IDF features, with scikit-learn's semantics (TfidfVectorizer 1.9; Pedregosa et al. 2011).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/sparse_rows.h"

namespace winnow {

enum class Analyzer {
  kWord,    ///< n-grams of words, by default of two or more characters: the token pattern (?u)\b\w\w+\b
  kChar,    ///< n-grams of characters of the whole text
  kCharWb,  ///< n-grams of characters within words, padded with a space at both ends
  /// Words and char_wb, each with its own TF-IDF (and its own max_features), side by side: scikit-learn's FeatureUnion.
  kBoth,
};

/// The rule that defines words.
enum class WordCharacters {
  kPython,  ///< \w of Python's re: letters and numbers of all scripts, and the underscore
  kAscii,   ///< [a-zA-Z0-9_], as in scikit-learn's pipelines in ONNX
};

struct FeatureOptions {
  Analyzer analyzer = Analyzer::kWord;
  int min_ngram = 1, max_ngram = 3;            ///< n-gram range of words, or of characters if words are not used
  int min_char_ngram = 1, max_char_ngram = 5;  ///< n-gram range of characters, with kBoth
  int64_t max_features = 10000;  ///< number of features to keep, the most frequent in all texts together; 0: all
  bool sublinear = false;        ///< true for 1 + log(tf) instead of tf
  bool lowercase = true;
  WordCharacters word_characters = WordCharacters::kPython;
  int shortest_word = 2;  ///< minimum number of characters of a word: 2 or 1
  /// True if rows are scaled to length 1; with kBoth each analyzer's part. Without idf, false is CountVectorizer.
  bool normalize = true;
  bool operator==(const FeatureOptions&) const = default;
};

/// Checks that n-grams have one to kMostNgram symbols and that no minimum is above its maximum. Errors:
/// kInvalidArgument.
Result<void> CheckFeatureOptions(const FeatureOptions& options);
inline constexpr int kMostNgram = 64;

/// All parts of a Vectorizer, for conversion to and from other formats.
struct FeatureParts {
  FeatureOptions options = {};
  /// The n-gram of each feature in UTF-8, words joined by a space. With kBoth the words' features come first.
  std::vector<std::string> names;
  size_t word_features = 0;  ///< number of word features, with kBoth
  std::vector<float> idf;    ///< one value per feature
};

struct FittedFeatures;
class StringPool;

/// A set of features with a weight for each. Immutable and thread-safe; copies share their contents.
class Vectorizer {
 public:
  /// Learns the vocabulary of `texts` (UTF-8; invalid bytes become U+FFFD) and returns it with the rows of the texts.
  /// Features are in the order of their code points. Among features as frequent as the last that max_features admits,
  /// the first ones in that order are taken; scikit-learn leaves the choice to NumPy's sorting of equal numbers, which
  /// differs between CPUs. The result does not depend on the number of threads. Errors: kInvalidArgument for options;
  /// kInvalidData if the texts have no features at all.
  static Result<FittedFeatures> Fit(std::span<const std::string_view> texts, const FeatureOptions& options,
                                    ThreadPool& pool);

  /// Creates a Vectorizer of its parts. A name that no text can have with these options is a feature that is never
  /// found, as with scikit-learn. Errors: kInvalidArgument for options; kInvalidModel if sizes disagree, a name occurs
  /// twice, or an idf is not finite.
  static Result<Vectorizer> FromParts(const FeatureParts& parts);
  static Result<Vectorizer> FromPool(const FeatureOptions& options, StringPool names, size_t word_features,
                                     std::vector<float> idf);
  FeatureParts ToParts() const;

  const FeatureOptions& options() const;
  size_t features() const;
  size_t word_features() const;  ///< number of word features with kBoth; they come first
  std::string_view name(size_t feature) const;
  std::span<const float> idf() const;

  /// Returns the rows of other texts, computed on the pool's threads. n-grams that are not features are ignored.
  SparseRows Transform(std::span<const std::string_view> texts, ThreadPool& pool) const;

  /// Scratch memory of Weigh. Created once per thread, for any number of texts and vectorizers.
  class Scratch {
   public:
    Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;
    ~Scratch();

   private:
    friend class Vectorizer;
    struct State;
    std::unique_ptr<State> state_;
  };

  struct Row {
    std::span<const int32_t> columns;
    std::span<const float> values;
  };
  /// Returns the row of one text; its columns are in the order of their first occurrence, unless `sorted`. Valid until
  /// the next use of `scratch`. Allocates nothing once `scratch` has grown.
  Row Weigh(std::string_view text, Scratch& scratch, bool sorted = false) const;

  /// An n-gram of a text: words or characters, each a byte range of the text.
  struct Occurrence {
    int32_t column;
    size_t first, end;  ///< range in Occurrences::symbols
  };
  struct Symbol {
    size_t begin, end;  ///< bytes of the text
    bool is_word;
  };
  struct Occurrences {
    std::vector<Symbol> symbols;
    std::vector<Occurrence> occurrences;
  };
  /// Returns the positions of a text's features, for explanations. A character that pads a word has the position of its
  /// neighbour.
  Occurrences Find(std::string_view text) const;

 private:
  struct Parts;
  explicit Vectorizer(std::shared_ptr<const Parts> parts);
  std::shared_ptr<const Parts> parts_;
};

struct FittedFeatures {
  Vectorizer vectorizer;
  SparseRows rows;
};

}  // namespace winnow
