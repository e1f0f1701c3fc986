// Nodes are made in the order of their depth: a node is a range of the sorted pieces that share their first bytes, and
// its children are the parts of that range by the next byte. No recursion, however long the pieces.
#include "tokenize/piece_trie.h"

#include <algorithm>

namespace winnow {

PieceTrie::PieceTrie(std::vector<std::pair<std::string_view, int32_t>> pieces) {
  std::ranges::stable_sort(pieces, {}, &std::pair<std::string_view, int32_t>::first);
  struct Range {
    size_t begin, end, depth;
  };
  std::vector<Range> ranges = {{0, pieces.size(), 0}};
  nodes_.emplace_back();
  bytes_.push_back(0);
  for (size_t node = 0; node < nodes_.size(); ++node) {
    Range range = ranges[node];
    while (range.begin < range.end && pieces[range.begin].first.size() == range.depth) {
      nodes_[node].id = pieces[range.begin].second;
      ++range.begin;
    }
    if (nodes_[node].id >= 0) ++pieces_;
    longest_ = std::max(longest_, range.depth);
    nodes_[node].first = static_cast<uint32_t>(nodes_.size());
    while (range.begin < range.end) {
      const char byte = pieces[range.begin].first[range.depth];
      size_t end = range.begin + 1;
      while (end < range.end && pieces[end].first[range.depth] == byte) ++end;
      ranges.push_back({range.begin, end, range.depth + 1});
      nodes_.emplace_back();
      bytes_.push_back(static_cast<unsigned char>(byte));
      ++nodes_[node].children;
      range.begin = end;
    }
  }
  for (uint32_t byte = 0; byte < 256; ++byte) roots_[byte] = Next(0, static_cast<unsigned char>(byte));
}

int32_t PieceTrie::Find(std::string_view piece) const {
  if (piece.empty()) return -1;
  uint32_t node = Root(static_cast<unsigned char>(piece[0]));
  for (size_t i = 1; i < piece.size() && node != kNone; ++i) node = Next(node, static_cast<unsigned char>(piece[i]));
  return node == kNone ? -1 : Id(node);
}

size_t PieceTrie::LongestPrefix(std::string_view text) const {
  if (text.empty()) return 0;
  size_t longest = 0;
  uint32_t node = Root(static_cast<unsigned char>(text[0]));
  for (size_t i = 1; node != kNone; ++i) {
    if (Id(node) >= 0) longest = i;
    if (i == text.size()) break;
    node = Next(node, static_cast<unsigned char>(text[i]));
  }
  return longest;
}

}  // namespace winnow
