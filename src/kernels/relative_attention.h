/// The relative positions of DeBERTa's disentangled attention (He et al. 2020, arXiv:2006.03654, equation 4): in
/// addition to content and content, a score has a part of the query's content and the key's distance (c2p) and one of
/// the key's content and the query's distance (p2c). For one head over one text.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/attention.h"

namespace winnow {

/// The columns of the position matrices by distance (the query's position minus the key's).
struct RelativePlaces {
  const int32_t* column;  ///< column of distance d at [d + longest - 1], ascending, 0 ... width - 1
  size_t longest;         ///< length of the longest text, in tokens
  size_t width;           ///< number of columns
  size_t linear;          ///< distances up to this one have neighbouring columns; larger ones may share columns

  int32_t at(ptrdiff_t distance) const { return column[distance + static_cast<ptrdiff_t>(longest) - 1]; }
};

/// One head's part of the projected positions, transposed: [head_size, width] with rows `stride` floats apart. Keys are
/// in reverse order, distance d in column width - 1 - at(d), so that queries and keys are both read forwards. At least
/// 16 floats must be readable beyond the last row.
struct RelativeHead {
  const float* query_t;
  const float* key_t;
  size_t stride;
};

/// Computes bias[i, j] = q_i . key(i - j) + k_j . query(i - j), with rows BiasStride(tokens) floats apart.
void RelativeScores(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head, const float* q,
                    const float* k, float* bias, AttentionScratch& scratch);

/// Adds to the gradients of q, k and of the position matrices, which have the layout of these, from the gradient of the
/// bias.
void RelativeScoresBackward(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head,
                            const float* q, const float* k, const float* bias_grad, float* q_grad, float* k_grad,
                            float* query_t_grad, float* key_t_grad, AttentionScratch& scratch);

}  // namespace winnow
