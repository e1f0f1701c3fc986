/// DeBERTa-v2's buckets of distances (He et al. 2020, arXiv:2006.03654; transformers' make_log_bucket_position).
#pragma once

#include "bundle/model_config.h"

namespace winnow {

/// Returns the row of the model's table of relative positions for a distance (the query's position minus the key's):
/// one row per distance up to half the span, then logarithmic buckets. Rows are 0 ... 2 config.relative_span - 1,
/// ascending.
int RelativeRow(const ModelConfig& config, int distance);

}  // namespace winnow
