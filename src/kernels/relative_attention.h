/// The relative positions of DeBERTa's disentangled attention (He et al. 2020, arXiv:2006.03654, equation 4): beside
/// content to content, a score has a part of the query's content with the key's distance (c2p) and one of the key's
/// content with the query's distance (p2c). For one head over one text.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/attention.h"

namespace winnow {

/// Which column of the position matrices a distance (query's position minus key's) has.
struct RelativePlaces {
  const int32_t* column;  ///< of distance d at [d + longest - 1], ascending, 0 ... width - 1
  size_t longest;         ///< text, in tokens
  size_t width;           ///< columns
  size_t linear;          ///< distances up to this have neighbouring columns; further ones may share some

  int32_t at(ptrdiff_t distance) const { return column[distance + static_cast<ptrdiff_t>(longest) - 1]; }
};

/// One head's part of the projected positions, transposed: [head_size, width] with rows `stride` floats apart. Keys lie
/// in reverse, distance d in column width - 1 - at(d), so that both are read forwards. At least 16 floats may be read
/// beyond the last row.
struct RelativeHead {
  const float* query_t;
  const float* key_t;
  size_t stride;
};

/// bias[i, j] = q_i . key(i - j) + k_j . query(i - j), with rows BiasStride(tokens) floats apart.
void RelativeScores(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head, const float* q,
                    const float* k, float* bias, AttentionScratch& scratch);

/// From the gradient of the bias: adds to those of q, k and of the position matrices, which lie as these do.
void RelativeScoresBackward(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head,
                            const float* q, const float* k, const float* bias_grad, float* q_grad, float* k_grad,
                            float* query_t_grad, float* key_t_grad, AttentionScratch& scratch);

}  // namespace winnow
