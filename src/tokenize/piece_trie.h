/// A trie of pieces, walked a byte at a time: all pieces that begin at a place of a text in one pass.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace winnow {

/// A trie that is built once. Thread-safe. The children of a node are adjacent, and their bytes are in an array of
/// their own, so that a step is one search among a few bytes.
class PieceTrie {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  PieceTrie() = default;
  /// Builds a trie of pieces with their ids, in any order; of a repeated piece the last id counts. Empty pieces are
  /// left out.
  explicit PieceTrie(std::vector<std::pair<std::string_view, int32_t>> pieces);

  bool empty() const { return nodes_.size() <= 1; }
  size_t pieces() const { return pieces_; }    ///< number of different pieces
  size_t longest() const { return longest_; }  ///< number of bytes of the longest piece

  uint32_t Root(unsigned char byte) const { return roots_[byte]; }
  /// Returns the child of `node` for a byte, or kNone.
  uint32_t Next(uint32_t node, unsigned char byte) const {
    const Node& from = nodes_[node];
    if (from.children == 0) return kNone;
    const unsigned char* bytes = bytes_.data() + from.first;
    const void* found = std::memchr(bytes, byte, from.children);
    if (found == nullptr) return kNone;
    return from.first + static_cast<uint32_t>(static_cast<const unsigned char*>(found) - bytes);
  }
  /// Returns the id of the piece that ends at a node, or -1.
  int32_t Id(uint32_t node) const { return nodes_[node].id; }

  /// Returns the id of a piece, or -1 if there is no such piece.
  int32_t Find(std::string_view piece) const;
  /// Returns the number of bytes of the longest piece that `text` begins with; 0 if there is none.
  size_t LongestPrefix(std::string_view text) const;

 private:
  struct Node {
    uint32_t first = 0;
    uint32_t children = 0;
    int32_t id = -1;
  };
  std::vector<Node> nodes_;
  std::vector<unsigned char> bytes_;  // the byte on the edge to each node
  std::array<uint32_t, 256> roots_ = Nowhere();
  size_t longest_ = 0, pieces_ = 0;

  static constexpr std::array<uint32_t, 256> Nowhere() {
    std::array<uint32_t, 256> roots{};
    roots.fill(kNone);
    return roots;
  }
};

}  // namespace winnow
