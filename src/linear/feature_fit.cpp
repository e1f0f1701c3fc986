// Each thread puts the n-grams of its part of the texts into a trie of its own and notes, for each place of a text, the
// longest n-gram that begins there: the node whose way up to the root is all the n-grams from that place. So texts are
// read once, a place costs four bytes, and how often an n-gram stands in all texts is a sum over its subtree. The tries
// are merged in pairs; nodes of the merged trie that are frequent enough, in depth-first order with children by symbol,
// are the sorted vocabulary. Then each thread turns what it noted into rows.
#include "linear/feature_fit.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "linear/row_counter.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMostNodes = size_t{1} << 31;
constexpr size_t kNodesAtFirst = size_t{1} << 20;

/// A thread's part of the texts.
struct TextPart {
  size_t begin = 0, end = 0;
  WordTable words;
  NgramTrie trie;
  std::vector<uint32_t> longest;    // n-grams, one a place of a text
  std::vector<size_t> text_ends;    // in `longest`
  std::vector<uint64_t> counts;     // of places whose longest n-gram a node is, later of all parts merged into this one
  std::vector<uint32_t> in_merged;  // the merged trie's nodes
  size_t nodes = 0;                 // of this part's own; others follow them
};

void ReadTexts(std::span<const std::string_view> texts, const BlockOptions& options, bool lowercase, TextPart& part) {
  LoweredText lowered;
  SymbolRuns runs;
  size_t bytes = 0;
  for (size_t t = part.begin; t < part.end; ++t) bytes += texts[t].size();
  part.longest.reserve(options.analyzer == Analyzer::kWord ? bytes / 4 : bytes);
  part.text_ends.reserve(part.end - part.begin);
  part.trie.Reserve(std::min(bytes / 4, kNodesAtFirst));  // about what short texts have
  for (size_t t = part.begin; t < part.end; ++t) {
    lowered.Set(texts[t], lowercase);
    if (options.analyzer == Analyzer::kWord) {
      WordSymbols(
          lowered.text(), options.words, [&](std::string_view word) { return part.words.FindOrAdd(word); }, runs);
    } else {
      CharacterSymbols(lowered.text(), options.analyzer, runs);
    }
    size_t begin = 0;
    for (const size_t end : runs.run_ends) {
      for (; begin < end; ++begin) {
        const size_t limit = std::min(end, begin + options.max_ngram);
        uint32_t node = NgramTrie::kRoot;
        NgramTrie::Entry* entry = nullptr;
        for (size_t i = begin; i < limit; ++i) {
          entry = &part.trie.FindOrAdd(node, runs.symbols[i]);
          node = entry->node;
        }
        ++entry->value;
        part.longest.push_back(node);
      }
    }
    part.text_ends.push_back(part.longest.size());
    if (part.trie.nodes() > kMostNodes) return;
  }
  part.nodes = part.trie.nodes();
  part.counts.assign(part.nodes, 0);
  part.trie.ForEach(
      [&](const NgramTrie::Entry& entry) { part.counts[entry.node] = static_cast<uint32_t>(entry.value); });
}

/// Adds another part's n-grams to `into`.
void Merge(const TextPart& from, const BlockOptions& options, TextPart& into, std::vector<uint32_t>& numbers) {
  std::vector<uint32_t> words;
  if (options.analyzer == Analyzer::kWord) {
    words.resize(from.words.size());
    for (uint32_t w = 0; w < words.size(); ++w) words[w] = into.words.FindOrAdd(from.words.word(w));
  }
  into.trie.Reserve(into.trie.nodes() + from.trie.nodes() / 2);
  numbers.resize(from.trie.nodes());
  numbers[NgramTrie::kRoot] = NgramTrie::kRoot;
  for (size_t node = 1; node < numbers.size(); ++node) {
    const uint32_t symbol = from.trie.symbol(node);
    const NgramTrie::Entry& entry =
        into.trie.FindOrAdd(numbers[from.trie.parent(node)], words.empty() ? symbol : words[symbol]);
    numbers[node] = entry.node;
    if (entry.node == into.counts.size()) into.counts.push_back(0);
    into.counts[entry.node] += from.counts[node];
  }
}

/// Merges all parts into the first, in pairs on all threads, and fills in_merged.
void MergeAll(std::vector<TextPart>& parts, const BlockOptions& options, ThreadPool& pool) {
  for (size_t step = 1; step < parts.size(); step *= 2) {
    pool.Run([&](int thread) {
      const auto i = static_cast<size_t>(thread);
      if (i % (2 * step) == 0 && i + step < parts.size()) {
        Merge(parts[i + step], options, parts[i], parts[i + step].in_merged);
      }
    });
  }
  // A part was merged into the one whose number lacks its lowest bit, which comes before it.
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::vector<uint32_t>& further = parts[i & (i - 1)].in_merged;
    if (further.empty()) continue;
    for (uint32_t& node : parts[i].in_merged) node = further[node];
  }
}

/// Returns for each node whether its n-gram is a feature of these options.
std::vector<bool> AreFeatures(const NgramTrie& trie, const BlockOptions& options) {
  std::vector<bool> are(trie.nodes());
  std::vector<uint8_t> depths(trie.nodes());
  std::vector<bool> begins_word(trie.nodes());
  for (size_t node = 1; node < trie.nodes(); ++node) {
    const uint32_t parent = trie.parent(node);
    depths[node] = static_cast<uint8_t>(depths[parent] + 1);
    are[node] = depths[node] >= options.min_ngram;
    if (options.analyzer != Analyzer::kCharWb || options.min_ngram < 4) continue;
    // A word too short to have an n-gram of the least length counts as a whole: a space at both ends.
    const bool space = trie.symbol(node) == U' ';
    begins_word[node] = parent == NgramTrie::kRoot ? space : begins_word[parent];
    if (begins_word[node] && space && depths[node] >= 3) are[node] = true;
  }
  return are;
}

/// Words in the order of their code points, which is that of their bytes: of each word its rank.
std::vector<uint32_t> RanksOf(const WordTable& words) {
  struct Key {
    uint64_t first_bytes;
    uint32_t word;
  };
  std::vector<Key> keys(words.size());
  for (uint32_t w = 0; w < keys.size(); ++w) {
    const std::string_view word = words.word(w);
    uint64_t bytes = 0;
    for (size_t i = 0; i < 8; ++i) bytes = bytes << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0u);
    keys[w] = {bytes, w};
  }
  std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
    return a.first_bytes != b.first_bytes ? a.first_bytes < b.first_bytes : words.word(a.word) < words.word(b.word);
  });
  std::vector<uint32_t> ranks(keys.size());
  for (uint32_t rank = 0; rank < keys.size(); ++rank) ranks[keys[rank].word] = rank;
  return ranks;
}

/// Nodes at least as frequent as `least`, in depth-first order with children by symbol. For words that is the order of
/// the joined strings too: the space between words comes before all that words are made of.
std::vector<uint32_t> SortedNodes(const TextPart& merged, const std::vector<uint64_t>& totals, uint64_t least) {
  const NgramTrie& trie = merged.trie;
  const std::vector<uint32_t> ranks = merged.words.size() > 0 ? RanksOf(merged.words) : std::vector<uint32_t>();
  std::vector<uint32_t> begins(trie.nodes() + 1);  // of each node's children
  for (size_t node = 1; node < trie.nodes(); ++node) begins[trie.parent(node) + 1] += totals[node] >= least ? 1 : 0;
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  struct Child {
    uint32_t order, node;
  };
  std::vector<Child> children(begins.back());
  std::vector<uint32_t> next(begins.begin(), begins.end() - 1);
  for (uint32_t node = 1; node < trie.nodes(); ++node) {
    if (totals[node] < least) continue;
    const uint32_t symbol = trie.symbol(node);
    children[next[trie.parent(node)]++] = {ranks.empty() ? symbol : ranks[symbol], node};
  }
  std::vector<uint32_t> sorted, stack;
  sorted.reserve(children.size());
  // The last child goes on the stack first.
  const auto push_children = [&](uint32_t node) {
    const auto first = children.begin() + begins[node], last = children.begin() + begins[node + 1];
    if (last - first > 1) std::sort(first, last, [](Child a, Child b) { return a.order > b.order; });
    for (auto child = first; child != last; ++child) stack.push_back(child->node);
  };
  push_children(NgramTrie::kRoot);
  while (!stack.empty()) {
    const uint32_t node = stack.back();
    stack.pop_back();
    sorted.push_back(node);
    push_children(node);
  }
  return sorted;
}

/// The features' nodes, sorted.
std::vector<uint32_t> ChooseFeatures(const TextPart& merged, const BlockOptions& options, size_t max_features) {
  const NgramTrie& trie = merged.trie;
  // Children come behind their parents.
  std::vector<uint64_t> totals = merged.counts;
  for (size_t node = trie.nodes() - 1; node > 0; --node) totals[trie.parent(node)] += totals[node];
  const std::vector<bool> are = AreFeatures(trie, options);
  uint64_t least = 0;
  size_t equal = trie.nodes();  // how many of those as frequent as `least` are taken
  if (max_features > 0) {
    std::vector<uint64_t> of_features;
    for (size_t node = 1; node < trie.nodes(); ++node) {
      if (are[node]) of_features.push_back(totals[node]);
    }
    if (of_features.size() > max_features) {
      const auto last = of_features.begin() + static_cast<ptrdiff_t>(max_features - 1);
      std::nth_element(of_features.begin(), last, of_features.end(), std::greater<>());
      least = *last;
      const auto above = std::count_if(of_features.begin(), last, [&](uint64_t total) { return total > least; });
      equal = max_features - static_cast<size_t>(above);
    }
  }
  std::vector<uint32_t> chosen;
  for (const uint32_t node : SortedNodes(merged, totals, least)) {
    if (!are[node]) continue;
    if (totals[node] == least) {
      if (equal == 0) continue;
      --equal;
    }
    chosen.push_back(node);
  }
  return chosen;
}

StringPool NamesOf(const TextPart& merged, const std::vector<uint32_t>& nodes, bool words) {
  StringPool names;
  names.Reserve(nodes.size(), nodes.size() * 12);
  std::string name;
  std::vector<uint32_t> symbols;
  for (uint32_t node : nodes) {
    symbols.clear();
    for (; node != NgramTrie::kRoot; node = merged.trie.parent(node)) symbols.push_back(merged.trie.symbol(node));
    name.clear();
    for (size_t i = symbols.size(); i-- > 0;) {
      if (!words) {
        AppendUtf8(symbols[i], name);
        continue;
      }
      if (!name.empty()) name += ' ';
      name += merged.words.word(symbols[i]);
    }
    names.Add(name);
  }
  return names;
}

/// A part's rows, and how many of them hold each feature.
void MakeRows(const TextPart& part, const std::vector<int32_t>& columns_of_merged, size_t columns, CountedRows& rows,
              std::vector<uint32_t>& document_frequencies) {
  struct Node {
    uint32_t parent;
    int32_t column;  // -1: no feature
  };
  std::vector<Node> nodes(part.nodes);
  for (size_t node = 1; node < part.nodes; ++node) {
    const size_t merged = part.in_merged.empty() ? node : part.in_merged[node];
    nodes[node] = {part.trie.parent(node), columns_of_merged[merged]};
  }
  rows.begin = part.begin;
  rows.end = part.end;
  rows.sizes.reserve(part.text_ends.size());
  document_frequencies.assign(columns, 0);
  RowCounter counter;
  counter.Resize(columns);
  size_t i = 0;
  for (const size_t end : part.text_ends) {
    for (; i < end; ++i) {
      for (uint32_t node = part.longest[i]; node != NgramTrie::kRoot; node = nodes[node].parent) {
        if (nodes[node].column >= 0) counter.Add(nodes[node].column);
      }
    }
    counter.Sort();
    for (const int32_t column : counter.columns()) {
      rows.columns.push_back(column);
      rows.counts.push_back(counter.count(column));
      ++document_frequencies[static_cast<size_t>(column)];
    }
    rows.sizes.push_back(static_cast<uint32_t>(counter.size()));
    counter.Clear();
  }
}

}  // namespace

Result<FittedBlock> FitBlock(std::span<const std::string_view> texts, const BlockOptions& options, bool lowercase,
                             size_t max_features, ThreadPool& pool) {
  const size_t threads = static_cast<size_t>(pool.size());
  std::vector<TextPart> parts(threads);
  for (size_t p = 0; p < threads; ++p) {
    parts[p].begin = texts.size() * p / threads;
    parts[p].end = texts.size() * (p + 1) / threads;
  }
  pool.Run([&](int thread) { ReadTexts(texts, options, lowercase, parts[static_cast<size_t>(thread)]); });
  size_t nodes_of_all = 0;
  for (const TextPart& part : parts) nodes_of_all += part.trie.nodes();
  if (nodes_of_all > kMostNodes) {
    return Fail(ErrorCode::kInvalidData, "the texts contain more than two billion different n-grams",
                "use shorter n-grams");
  }
  MergeAll(parts, options, pool);
  const TextPart& merged = parts[0];

  FittedBlock fitted;
  const std::vector<uint32_t> nodes = ChooseFeatures(merged, options, max_features);
  fitted.names = NamesOf(merged, nodes, options.analyzer == Analyzer::kWord);
  std::vector<int32_t> columns(merged.trie.nodes(), -1);
  for (size_t column = 0; column < nodes.size(); ++column) columns[nodes[column]] = static_cast<int32_t>(column);
  fitted.parts.resize(threads);
  std::vector<std::vector<uint32_t>> frequencies(threads);
  pool.Run([&](int thread) {
    const auto p = static_cast<size_t>(thread);
    MakeRows(parts[p], columns, nodes.size(), fitted.parts[p], frequencies[p]);
  });
  fitted.document_frequencies.assign(nodes.size(), 0);
  for (const auto& of_part : frequencies) {
    for (size_t c = 0; c < nodes.size(); ++c) fitted.document_frequencies[c] += of_part[c];
  }
  return fitted;
}

}  // namespace winnow
