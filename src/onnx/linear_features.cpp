// Characters become numbers: 0 is padding, 1 ... are the kinds of white space, a plain space first; then the characters
// of the vocabulary; any other is -1.
//
// char: white space of two characters or more counts as one space. So of each such run the first place gets the number
// of a space, the rest is left out: each place is kept or not, a running sum of those kept is a place's new place, and
// what is not kept goes to a column behind all others, which is cut off.
//
// char_wb: n-grams of " word ". All white space is one number there, the text gets one in front and behind, and so does
// every row's padding. The n-grams of " word " are then n-grams of the row, and n-grams of the row that cross from one
// word to the next have a space inside, which no feature has. Only the n-gram of a single space is not the same: it
// stands there twice a word, and words begin where a space is followed by anything else.
#include "onnx/linear_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "onnx/linear_text.h"
#include "text/python_text.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr char kPad[] = "##";  // a token that is neither a word nor a character
constexpr int64_t kSpace = 1;  // the number of white space
constexpr int64_t kNever = -2;

/// The n-grams of a TfIdfVectorizer.
template <class Symbol>
class Pool {
 public:
  void Add(std::vector<Symbol> ngram, int64_t column) {
    const size_t n = ngram.size();
    if (by_length_.size() < n) by_length_.resize(n);
    by_length_[n - 1].insert(by_length_[n - 1].end(), std::make_move_iterator(ngram.begin()),
                             std::make_move_iterator(ngram.end()));
    columns_[n].push_back(column);
  }
  std::string AddNode(GraphBuilder& graph, const std::string& name, const std::string& tokens, const char* pool) const {
    std::vector<Symbol> symbols;
    std::vector<int64_t> starts, columns;
    for (const std::vector<Symbol>& of_length : by_length_) {
      starts.push_back(static_cast<int64_t>(symbols.size()));
      symbols.insert(symbols.end(), of_length.begin(), of_length.end());
    }
    for (const auto& [n, of_length] : columns_) columns.insert(columns.end(), of_length.begin(), of_length.end());
    return graph.Node("TfIdfVectorizer", name, {tokens},
                      {{"mode", std::string("TF")},
                       {"min_gram_length", static_cast<int64_t>(columns_.begin()->first)},
                       {"max_gram_length", static_cast<int64_t>(by_length_.size())},
                       {"max_skip_count", int64_t{0}},
                       {"ngram_counts", std::move(starts)},
                       {"ngram_indexes", std::move(columns)},
                       {pool, std::move(symbols)}});
  }

 private:
  std::vector<std::vector<Symbol>> by_length_;
  std::map<size_t, std::vector<int64_t>> columns_;  // by length
};

std::vector<std::string> SplitWords(std::string_view ngram) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= ngram.size();) {
    const size_t end = std::min(ngram.find(' ', begin), ngram.size());
    words.emplace_back(ngram.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

/// Nodes whose names begin alike.
class Nodes {
 public:
  Nodes(GraphBuilder& graph, std::string prefix) : graph_(graph), prefix_(std::move(prefix)) {}
  std::string Add(std::string_view op, const char* name, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {}) {
    return graph_.Node(op, prefix_ + name, inputs, attributes);
  }
  /// columns [begin, end) of a matrix.
  std::string Columns(const char* name, const std::string& from, int64_t begin, int64_t end) {
    return Add("Slice", name, {from, Ints({begin}), Ints({end}), Ints({1})});
  }
  std::string Ints(const std::vector<int64_t>& values) {
    return graph_.Ints(fmt::format("int_{}", fmt::join(values, "_")), values);
  }
  std::string Int(int64_t value) { return graph_.Int(fmt::format("scalar_{}", value), value); }
  /// The matrix with columns of `value` in front and behind.
  std::string Pad(const char* name, const std::string& matrix, int64_t front, int64_t behind, int64_t value) {
    return Add("Pad", name, {matrix, Ints({0, front, 0, behind}), Int(value)});
  }

 private:
  GraphBuilder& graph_;
  std::string prefix_;
};

/// The characters of a vocabulary, and their numbers.
class Numbers {
 public:
  Numbers(bool within_words, bool lowercase) : within_words_(within_words), lowercase_(lowercase) {
    Number(U' ');
    for (char32_t c = 0; c < 0x110000; ++c) {
      if (IsPythonSpace(c)) Number(c);
    }
    spaces_ = within_words ? 1 : static_cast<int64_t>(numbers_.size());
  }
  int64_t Number(char32_t c) {
    const auto [number, is_new] = numbers_.try_emplace(c, last_ + 1);
    if (is_new && within_words_ && IsPythonSpace(c)) number->second = kSpace;
    last_ = std::max(last_, number->second);
    return number->second;
  }
  int64_t spaces() const { return spaces_; }  ///< 1 ... spaces() are white space

  /// LabelEncoder's table: every character that becomes one of these.
  void Table(std::vector<std::string>& keys, std::vector<int64_t>& values) const {
    std::string character, lowered;
    for (char32_t c = 0; c < 0x110000; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      character.clear();
      AppendUtf8(c, character);
      PythonLower(character, lowercase_, lowered);
      size_t end = 0;
      const auto found = numbers_.find(NextCodePoint(lowered, end));
      if (found == numbers_.end()) continue;
      keys.push_back(character);
      values.push_back(found->second);
    }
    keys.emplace_back(kPad);
    values.push_back(within_words_ ? kSpace : 0);
  }

 private:
  bool within_words_, lowercase_;
  int64_t last_ = 0, spaces_ = 0;
  std::map<char32_t, int64_t> numbers_;
};

/// Numbers of characters [batch, length], white space of two characters or more as one space.
std::string CollapseSpaces(Nodes& nodes, const std::string& numbers, int64_t spaces) {
  const std::string row = nodes.Pad("row", numbers, 0, 1, 0);
  const std::string above = nodes.Add("Greater", "above", {row, nodes.Ints({0})});
  const std::string below = nodes.Add("Less", "below", {row, nodes.Ints({spaces + 1})});
  const std::string is_space = nodes.Add("And", "is_space", {above, below});
  const std::string space = nodes.Add("Cast", "space", {is_space}, {{"to", int64_t{onnx::TensorProto::INT64}}});
  const std::string before = nodes.Columns("before", nodes.Pad("shifted_right", space, 1, 0, 0), 0, -1);
  const std::string behind = nodes.Columns("behind", nodes.Pad("shifted_left", space, 0, 1, 0), 1, INT64_MAX);
  const auto both = [&](const char* product, const char* name, const std::string& other) {
    const std::string both = nodes.Add("Mul", product, {space, other});
    return nodes.Add("Cast", name, {both}, {{"to", int64_t{onnx::TensorProto::BOOL}}});
  };
  const std::string is_first = both("in_front", "is_in_front", behind);
  const std::string values = nodes.Add("Where", "values", {is_first, nodes.Ints({kSpace}), row});
  const std::string is_dropped = both("dropped", "is_dropped", before);
  const std::string kept =
      nodes.Add("Sub", "kept", {nodes.Ints({1}), nodes.Add("Mul", "behind_another", {space, before})});
  const std::string places =
      nodes.Add("Sub", "places", {nodes.Add("CumSum", "sums", {kept, nodes.Int(1)}), nodes.Ints({1})});
  const std::string shape = nodes.Add("Shape", "shape", {row});
  const std::string length = nodes.Add("Slice", "length", {shape, nodes.Ints({1}), nodes.Ints({2})});
  const std::string targets = nodes.Add("Where", "targets", {is_dropped, length, places});
  const std::string empty = nodes.Pad("empty", nodes.Add("Mul", "zeros", {row, nodes.Ints({0})}), 0, 1, 0);
  const std::string moved = nodes.Add("ScatterElements", "moved", {empty, targets, values}, {{"axis", int64_t{1}}});
  return nodes.Columns("symbols", moved, 0, -1);
}

}  // namespace

OnnxCounts AddWordCounts(GraphBuilder& graph, const std::string& lines, const Vectorizer& vectorizer, size_t begin,
                         size_t end) {
  const FeatureOptions& options = vectorizer.options();
  const WordRule rule{options.word_characters, static_cast<size_t>(options.shortest_word)};
  Pool<std::string> pool;
  OnnxCounts result;
  std::set<std::string> names;
  for (size_t f = begin; f < end; ++f) names.emplace(vectorizer.name(f));
  for (size_t f = begin; f < end; ++f) {
    const std::string name(vectorizer.name(f));
    std::vector<std::string> words = SplitWords(name);
    if (words.size() < static_cast<size_t>(options.min_ngram) || words.size() > static_cast<size_t>(options.max_ngram))
      continue;
    if (!std::ranges::all_of(words, [&](const auto& word) { return IsPossibleWord(word, rule, options.lowercase); }))
      continue;
    const auto column = static_cast<int64_t>(result.features.size());
    result.features.push_back(f);
    pool.Add(std::move(words), column);
    if (!options.lowercase) continue;
    if (const std::string other = WithoutFinalSigma(name); !other.empty() && names.insert(other).second) {
      pool.Add(SplitWords(other), column);
    }
  }
  if (result.features.empty()) return result;

  const std::vector<OnnxAttribute> tokenizer = {{"tokenexp", TokenPattern(options.word_characters, options.lowercase)},
                                                {"mincharnum", int64_t{options.shortest_word}},
                                                {"mark", int64_t{0}},
                                                {"pad_value", std::string(kPad)}};
  std::string tokens = graph.Node("com.microsoft.Tokenizer", "tokens", {lines}, tokenizer);
  graph.Shape(tokens, onnx::TensorProto::STRING, {"batch", "tokens"});
  if (options.lowercase) {
    // StringNormalizer takes vectors that are not empty.
    const std::string shape = graph.Node("Shape", "tokens_shape", {tokens});
    const std::string flat = graph.Node("Reshape", "tokens_flat", {tokens, graph.Ints("int_-1", {-1})});
    const std::string more =
        graph.Node("Concat", "tokens_and_one", {flat, graph.Strings("one_token", {kPad})}, {{"axis", int64_t{0}}});
    const std::string lowered = graph.Node("StringNormalizer", "lowered_and_one", {more},
                                           {{"case_change_action", std::string("LOWER")},
                                            {"is_case_sensitive", int64_t{0}},
                                            {"locale", std::string("C.UTF-8")}});
    const std::string less =
        graph.Node("Slice", "lowered_flat",
                   {lowered, graph.Ints("int_0", {0}), graph.Ints("int_-1", {-1}), graph.Ints("int_0", {0})});
    tokens = graph.Node("Reshape", "lowered", {less, shape}, {{"allowzero", int64_t{1}}});
  }
  result.counts = pool.AddNode(graph, "word_counts", tokens, "pool_strings");
  return result;
}

OnnxCounts AddCharacterCounts(GraphBuilder& graph, const std::string& lines, const Vectorizer& vectorizer, size_t begin,
                              size_t end, bool within_words) {
  const FeatureOptions& options = vectorizer.options();
  const bool both = options.analyzer == Analyzer::kBoth;
  const auto least = static_cast<size_t>(both ? options.min_char_ngram : options.min_ngram);
  const auto most = static_cast<size_t>(both ? options.max_char_ngram : options.max_ngram);
  Numbers numbers(within_words, options.lowercase);
  Pool<int64_t> pool;
  OnnxCounts result;
  std::optional<size_t> lone_space;  // the column
  for (size_t f = begin; f < end; ++f) {
    const std::string_view name = vectorizer.name(f);
    std::vector<int64_t> symbols;
    std::vector<char32_t> characters;
    for (size_t i = 0; i < name.size();) characters.push_back(NextCodePoint(name, i));
    const size_t n = characters.size();
    if (n == 0 || n > most) continue;
    if (within_words) {
      const bool whole_word = n >= 3 && characters.front() == U' ' && characters.back() == U' ';
      if (n < least && !whole_word) continue;
      // A space stands at the ends alone, and no other white space anywhere.
      const bool inside = n > 2 && std::any_of(characters.begin() + 1, characters.end() - 1, IsPythonSpace);
      const auto other = [](char32_t c) { return c != U' ' && IsPythonSpace(c); };
      if (inside || other(characters.front()) || other(characters.back()) || name == "  ") continue;
    } else if (n < least) {
      continue;
    }
    for (const char32_t c : characters) symbols.push_back(numbers.Number(c));
    if (within_words && name == " ") {
      lone_space = result.features.size();
      symbols = {kNever};
    }
    pool.Add(std::move(symbols), static_cast<int64_t>(result.features.size()));
    result.features.push_back(f);
  }
  if (result.features.empty()) return result;

  Nodes nodes(graph, "char_");
  std::vector<std::string> keys;
  std::vector<int64_t> values;
  numbers.Table(keys, values);
  const std::string characters = nodes.Add("com.microsoft.Tokenizer", "tokens", {lines},
                                           {{"separators", std::vector<std::string>{""}},
                                            {"mincharnum", int64_t{1}},
                                            {"mark", int64_t{0}},
                                            {"pad_value", std::string(kPad)}});
  graph.Shape(characters, onnx::TensorProto::STRING, {"batch", "characters"});
  const std::string encoded = nodes.Add(
      "ai.onnx.ml.LabelEncoder", "numbers", {characters},
      {{"keys_strings", std::move(keys)}, {"values_int64s", std::move(values)}, {"default_int64", int64_t{-1}}});
  if (!within_words) {
    result.counts = pool.AddNode(graph, "char_counts", CollapseSpaces(nodes, encoded, numbers.spaces()), "pool_int64s");
    return result;
  }
  const std::string row = nodes.Pad("row", encoded, 1, 1, kSpace);
  result.counts = pool.AddNode(graph, "char_counts", row, "pool_int64s");
  if (!lone_space) return result;
  const std::string is_space = nodes.Add("Equal", "is_space", {row, nodes.Ints({kSpace})});
  const std::string space = nodes.Add("Cast", "space", {is_space}, {{"to", int64_t{onnx::TensorProto::FLOAT}}});
  const std::string before = nodes.Columns("before", space, 0, -1);
  const std::string behind = nodes.Columns("behind", space, 1, INT64_MAX);
  const std::string in_both = nodes.Add("Mul", "in_both", {before, behind});
  const std::string starts = nodes.Add("Sub", "word_starts", {before, in_both});
  const std::string words = nodes.Add("ReduceSum", "words", {starts, nodes.Ints({1})}, {{"keepdims", int64_t{1}}});
  std::vector<float> twice(result.features.size());
  twice[*lone_space] = 2;
  const std::string spaces =
      nodes.Add("Mul", "spaces", {words, graph.Floats("twice", {1, static_cast<int64_t>(twice.size())}, twice)});
  result.counts = nodes.Add("Add", "all_counts", {result.counts, spaces});
  return result;
}

}  // namespace winnow
