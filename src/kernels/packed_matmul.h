/// Products of rows with weights that were packed once: y = f(x W^T + b), with bias and activation applied while a tile
/// of sums is still in the first-level cache.
///
/// Weights are of bytes, with a scale for each output, multiplied by rows of bytes (byte_rows.h) in exact integers:
///   y[r, o] = f(x_scale[r] * w_scale[o] * sum_i (x[r, i] - zero[r]) * w[o, i] + bias[o])
/// or of bf16, multiplied by rows of floats, for layers that bytes would harm. Either way each y is summed in an order
/// that depends on nothing but the width of the row: not on the other rows, nor on which columns a call computes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "kernels/activation.h"
#include "kernels/byte_rows.h"
#include "kernels/pair_weights.h"

namespace winnow {

/// The largest number of inputs: beyond it 255 * 127 * in could overflow 32 bits (255 * 127 * 65536 = 0.988 * 2^31).
inline constexpr size_t kMaxByteInputs = 65536;

/// Number of columns in a block of the packed form; a call's range of columns begins at a multiple of it.
inline constexpr size_t kColumnBlock = 64;

/// Number of outputs whose packed bytes lie side by side: those that a step of the kernel reads. Where it reads four,
/// the weights of four outputs follow one another, so that a pass through them fills no more of the cache than it uses.
#ifdef __wasm__
inline constexpr size_t kBytesTogether = 4;
#else
inline constexpr size_t kBytesTogether = 16;
#endif

/// Weights [out, in] in the order in which the kernels read them: in groups of 16 outputs. Immutable and thread-safe.
class PackedWeights {
 public:
  PackedWeights() = default;

  /// Packs bytes [out, in] with a scale for each output: w = scale * byte. `scales` are finite and positive. Errors:
  /// kInvalidModel for more inputs than kMaxByteInputs.
  static Result<PackedWeights> OfBytes(size_t out, size_t in, std::span<const int8_t> values,
                                       std::span<const float> scales);

  /// Packs rows of `in` bytes that lie anywhere, of which null ones are zeros. Errors: OfBytes'.
  /// Not inlined, so that it is optimized as the kernels are where its caller is optimized for size.
  [[gnu::noinline]] static Result<PackedWeights> OfRows(std::span<const int8_t* const> rows, size_t in,
                                                        std::span<const float> scales);

  /// Packs floats [out, in] as bf16, rounded to nearest.
  static PackedWeights OfFloats(size_t out, size_t in, std::span<const float> values);

  size_t out() const { return out_; }
  size_t in() const { return in_; }
  bool of_bytes() const { return of_bytes_; }
  /// Returns the number of groups of four inputs in packed bytes: ceil(in/4); a multiple of 16 if packed for tiles.
  size_t fours() const { return fours_; }
  /// Returns true if OfBytes was called while tiles were active (kernels/tiles.h).
  bool for_tiles() const { return for_tiles_; }
  /// Return the packed weights. Bytes: [ceil(out/16)][16/t][fours()][t][4] with t = kBytesTogether, zeros past the
  /// ends; bf16: [ceil(out/16)][in][16].
  const int8_t* bytes() const { return bytes_.data(); }
  const uint16_t* floats() const { return floats_.data(); }
  const float* scales() const { return scales_.data(); }  ///< scales [out, rounded up to whole blocks of 16]
  const float* totals() const { return totals_.data(); }  ///< sums of each output's weights, in the order of scales()
  /// The rests of bytes(), if these are split: where OfBytes was called while AVX2 without VNNI was active.
  const PairWeights& pairs() const { return pairs_; }

 private:
  size_t out_ = 0, in_ = 0, fours_ = 0;
  bool of_bytes_ = true, for_tiles_ = false;
  AlignedBuffer<int8_t> bytes_;
  AlignedBuffer<uint16_t> floats_;
  FloatBuffer scales_, totals_;
  PairWeights pairs_;
};

/// The rows that enter a product: bytes or floats, according to the weights.
struct ProductInput {
  const uint8_t* bytes = nullptr;     ///< [rows, ByteStride(in)] rows of bytes, or null
  const ByteScale* scales = nullptr;  ///< [rows] scales of the rows of bytes
  const float* floats = nullptr;      ///< [rows, in] rows of floats, or null

  ProductInput Row(size_t row, size_t in) const {
    return {bytes == nullptr ? nullptr : bytes + row * ByteStride(in), scales == nullptr ? nullptr : scales + row,
            floats == nullptr ? nullptr : floats + row * in};
  }
};

/// Computes y[r, o] for rows 0 ... rows-1 and columns first ... last-1; rows of y are `stride` floats apart. `first` is
/// a multiple of kColumnBlock, and so is `last` unless it is `weights.out()`. bias [out] may be null.
void PackedProduct(size_t rows, const ProductInput& x, const PackedWeights& weights, size_t first, size_t last,
                   const float* bias, Activation activation, float* y, size_t stride);

/// Allocates the memory of the calling thread that products with weights such as these need (std::bad_alloc). After it
/// PackedProduct allocates nothing; without it, the first call does.
void ReserveForProduct(const PackedWeights& weights);

/// Returns the instructions with which PackedProduct multiplies bytes: "AMX tdpbusd", "AVX3 vpdpbusd", "AVX2 vpdpbusd",
/// "AVX2", "SCALAR"... (Highway's name of the vectors), chosen in the same way as the products themselves.
const char* PackedProductInstructions();

/// The largest error that the approximation of the activation function adds to y: GELU is computed by a polynomial,
/// whose error is small compared with that of INT8.
inline constexpr float kGeluError = 2e-4f;

}  // namespace winnow
