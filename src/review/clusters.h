/// Clusters of texts that mean something alike: spherical k-means on the features, begun by k-means++ (Arthur and
/// Vassilvitskii 2007).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "review/dense_head.h"

namespace winnow {

struct Clusters {
  std::vector<uint32_t> cluster_of;  ///< [rows]
  std::vector<size_t> sizes;         ///< [clusters]
  /// [rows] the rows, by distance from the center of their cluster.
  std::vector<std::vector<uint32_t>> members;
};

/// Divides rows of length 1 into at most `count` clusters, none of which is empty. Equal input and seeds give equal
/// clusters.
Clusters FindClusters(const DenseRows& rows, size_t count, uint64_t seed);

/// Returns a number of clusters for that many texts and labels.
size_t ClusterCount(size_t rows, size_t labels);

}  // namespace winnow
