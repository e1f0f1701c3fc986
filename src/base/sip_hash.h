/// SipHash-1-3 (Aumasson, Bernstein 2012, with the numbers of rounds that Rust's and Python's tables use): a hash for
/// tables whose keys come from outside. Nobody who does not know the seed can choose keys that collide.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace winnow {

struct SipKey {
  uint64_t first = 0, second = 0;

  /// Returns a random key from the operating system.
  static SipKey Random();
};

/// Computes the hash of any number of words (as little-endian bytes) followed by the bytes passed to Finish.
class SipHasher {
 public:
  explicit SipHasher(const SipKey& key)
      : v0_(key.first ^ 0x736f6d6570736575ull),
        v1_(key.second ^ 0x646f72616e646f6dull),
        v2_(key.first ^ 0x6c7967656e657261ull),
        v3_(key.second ^ 0x7465646279746573ull) {}

  void Word(uint64_t word) {
    v3_ ^= word;
    Round();
    v0_ ^= word;
    length_ += sizeof word;
  }

  /// Adds the last bytes and returns the hash. The hasher cannot be used afterwards.
  uint64_t Finish(std::span<const std::byte> bytes = {}) {
    for (; bytes.size() >= sizeof(uint64_t); bytes = bytes.subspan(sizeof(uint64_t))) {
      uint64_t word;
      std::memcpy(&word, bytes.data(), sizeof word);  // little-endian, as all machines that Winnow is built for
      Word(word);
    }
    uint64_t last = (length_ + bytes.size()) << 56;
    for (size_t i = 0; i < bytes.size(); ++i) last |= static_cast<uint64_t>(bytes[i]) << (8 * i);
    Word(last);
    v2_ ^= 0xff;
    Round();
    Round();
    Round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void Round() {
    v0_ += v1_;
    v2_ += v3_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v1_;
    v0_ += v3_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ = std::rotl(v2_, 32);
  }

  uint64_t v0_, v1_, v2_, v3_;
  uint64_t length_ = 0;
};

}  // namespace winnow
