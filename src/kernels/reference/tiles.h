/// The tile instructions of AMX, carried out one after another as the "Operation" sections of the Intel 64 and IA-32
/// Architectures Software Developer's Manual, volume 2, describe LDTILECFG, TILELOADD, TILESTORED, TILEZERO, TDPBUSD
/// and TILERELEASE. What would raise an exception on a CPU is counted as a fault, and has no other effect.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/tile_sums.h"

namespace winnow::reference {

/// The tiles of one thread.
class Tiles {
 public:
  static constexpr int kTiles = 8;

  /// Returns the tiles of the calling thread.
  static Tiles& OfThread() {
    thread_local Tiles tiles;
    return tiles;
  }

  void Configure(const TileConfig& config) {
    bool valid = config.palette == 1 && config.start_row == 0;
    for (const uint8_t byte : config.reserved) valid = valid && byte == 0;
    for (size_t t = 0; t < config.rows.size(); ++t) {
      const size_t most_rows = t < kTiles ? kTileRows : 0, most_bytes = t < kTiles ? kTileInputs : 0;
      valid = valid && config.rows[t] <= most_rows && config.row_bytes[t] <= most_bytes;
      valid = valid && (config.rows[t] == 0) == (config.row_bytes[t] == 0);
    }
    if (!valid) return Fault();
    config_ = config;
    configured_ = true;
    data_ = {};
  }

  void Release() {
    configured_ = false;
    data_ = {};
  }

  void Zero(int tile) {
    if (!IsValid(tile)) return Fault();
    data_[At(tile)] = {};
  }

  void Load(int tile, const void* from, int64_t stride) {
    if (!IsValid(tile)) return Fault();
    data_[At(tile)] = {};
    for (size_t r = 0; r < Rows(tile); ++r) {
      std::memcpy(data_[At(tile)][r].data(), static_cast<const char*>(from) + static_cast<int64_t>(r) * stride,
                  RowBytes(tile));
    }
  }

  void Store(int tile, void* to, int64_t stride) const {
    if (!IsValid(tile)) return Fault();
    for (size_t r = 0; r < Rows(tile); ++r) {
      std::memcpy(static_cast<char*>(to) + static_cast<int64_t>(r) * stride, data_[At(tile)][r].data(), RowBytes(tile));
    }
  }

  /// TDPBUSD `sums`, `left`, `right`: adds the products of four unsigned bytes of `left` with four signed ones of
  /// `right` to 32 bits, modulo 2^32.
  void DotProduct(int sums, int left, int right) {
    const bool valid = IsValid(sums) && IsValid(left) && IsValid(right) && sums != left && sums != right &&
                       left != right && RowBytes(left) % 4 == 0 && RowBytes(sums) % 4 == 0 &&
                       RowBytes(sums) == RowBytes(right) && Rows(sums) == Rows(left) &&
                       RowBytes(left) / 4 == Rows(right);
    if (!valid) return Fault();
    ++products_;
    for (size_t m = 0; m < Rows(sums); ++m) {
      for (size_t k = 0; k < RowBytes(left) / 4; ++k) {
        for (size_t n = 0; n < RowBytes(sums) / 4; ++n) {
          uint32_t sum;
          std::memcpy(&sum, &data_[At(sums)][m][4 * n], 4);
          for (size_t i = 0; i < 4; ++i) {
            const int32_t product = data_[At(left)][m][4 * k + i] * static_cast<int8_t>(data_[At(right)][k][4 * n + i]);
            sum += static_cast<uint32_t>(product);
          }
          std::memcpy(&data_[At(sums)][m][4 * n], &sum, 4);
        }
      }
    }
    for (size_t m = Rows(sums); m < kTileRows; ++m) data_[At(sums)][m] = {};
  }

  /// Returns the number of instructions that would have raised an exception, on all threads.
  static int faults() { return faults_; }
  /// Returns the number of TDPBUSD instructions that were carried out, on all threads.
  static int products() { return products_; }
  bool configured() const { return configured_; }
  const TileConfig& config() const { return config_; }

 private:
  static size_t At(int tile) { return static_cast<size_t>(tile); }
  size_t Rows(int tile) const { return config_.rows[At(tile)]; }
  size_t RowBytes(int tile) const { return config_.row_bytes[At(tile)]; }
  bool IsValid(int tile) const { return configured_ && tile >= 0 && tile < kTiles && Rows(tile) > 0; }
  static void Fault() { ++faults_; }

  inline static std::atomic<int> faults_ = 0, products_ = 0;
  bool configured_ = false;
  TileConfig config_;
  std::array<std::array<std::array<uint8_t, kTileInputs>, kTileRows>, kTiles> data_{};
};

/// The tiles for kernels/tile_sums.h.
struct EmulatedTiles {
  static void Configure(const TileConfig& config) { Tiles::OfThread().Configure(config); }
  static void Release() { Tiles::OfThread().Release(); }
  template <int tile>
  static void Zero() {
    Tiles::OfThread().Zero(tile);
  }
  template <int tile>
  static void Load(const void* from, size_t stride) {
    Tiles::OfThread().Load(tile, from, static_cast<int64_t>(stride));
  }
  template <int sums, int rows, int columns>
  static void DotProduct() {
    Tiles::OfThread().DotProduct(sums, rows, columns);
  }
  template <int tile>
  static void Store(void* to, size_t stride) {
    Tiles::OfThread().Store(tile, to, static_cast<int64_t>(stride));
  }
};

}  // namespace winnow::reference
