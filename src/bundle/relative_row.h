/// Buckets of distances: DeBERTa-v2's (He et al. 2020, arXiv:2006.03654; transformers' make_log_bucket_position) and
/// MPNet's (transformers' MPNetEncoder.relative_position_bucket).
#pragma once

#include "bundle/model_config.h"

namespace winnow {

/// Returns the row of the model's table of relative positions for a distance (the query's position minus the key's):
/// one row per distance up to half the span, then logarithmic buckets. Rows are 0 ... 2 config.relative_span - 1,
/// ascending.
int RelativeRow(const ModelConfig& config, int distance);

/// MPNet has this many buckets, whatever its config says.
inline constexpr int kBiasBuckets = 32;
/// The bucket of a distance (key's position minus query's): 0 to 15 for keys up to the query, 16 to 31 for those after
/// it, one bucket per distance below 8, then logarithmic up to 128.
int BiasBucket(int distance);

}  // namespace winnow
