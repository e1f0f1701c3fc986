#include "review/clusters.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "classify/embedding.h"
#include "kernels/matmul.h"

namespace winnow {
namespace {

constexpr int kRounds = 15;
constexpr size_t kRowsAtOnce = 4096;

/// Lowers the distance of each row to the nearest center by that to one more.
void NoteCenter(const DenseRows& rows, std::span<const float> center, std::vector<float>& distance) {
  for (size_t row = 0; row < rows.rows(); ++row) {
    float dot = 0;
    const std::span<const float> values = rows.row(row);
    for (size_t i = 0; i < center.size(); ++i) dot += values[i] * center[i];
    distance[row] = std::min(distance[row], std::max(0.0f, 2 - 2 * dot));
  }
}

/// Rows drawn with probabilities in proportion to their squared distance from those drawn before: [count, columns].
std::vector<float> FirstCenters(const DenseRows& rows, size_t count, Random& random) {
  std::vector<float> centers, distance(rows.rows(), 2);
  size_t chosen = random.Below(static_cast<uint32_t>(rows.rows()));
  while (centers.size() < count * rows.columns) {
    const std::span<const float> center = rows.row(chosen);
    centers.insert(centers.end(), center.begin(), center.end());
    NoteCenter(rows, center, distance);
    double total = 0;
    for (const float each : distance) total += static_cast<double>(each);
    if (total < 1e-6) break;  // only copies of the centers are left
    double place = random.Uniform() * total;
    for (chosen = 0; chosen + 1 < distance.size(); ++chosen) {
      place -= static_cast<double>(distance[chosen]);
      if (place < 0) break;
    }
  }
  return centers;
}

/// Assigns each row to its nearest center; returns how near it is.
std::vector<float> Assign(const DenseRows& rows, std::span<const float> centers, std::vector<uint32_t>& cluster_of) {
  const size_t d = rows.columns, k = centers.size() / d;
  std::vector<float> nearness(rows.rows()), scores(kRowsAtOnce * k);
  for (size_t begin = 0; begin < rows.rows(); begin += kRowsAtOnce) {
    const size_t n = std::min(kRowsAtOnce, rows.rows() - begin);
    MatMulNT(n, k, d, rows.row(begin).data(), d, centers.data(), d, 0, scores.data(), k);
    for (size_t i = 0; i < n; ++i) {
      const float* const row = scores.data() + i * k;
      const float* const best = std::max_element(row, row + k);
      cluster_of[begin + i] = static_cast<uint32_t>(best - row);
      nearness[begin + i] = *best;
    }
  }
  return nearness;
}

}  // namespace

size_t ClusterCount(size_t rows, size_t labels) {
  const auto root = static_cast<size_t>(std::sqrt(static_cast<double>(rows)));
  return std::clamp<size_t>(std::max(root, labels * 5 / 2), 1, std::clamp<size_t>(rows / 2, 1, 400));
}

Clusters FindClusters(const DenseRows& rows, size_t count, uint64_t seed) {
  Clusters found;
  if (rows.rows() == 0) return found;
  Random random(seed, "clusters");
  const size_t d = rows.columns;
  std::vector<float> centers = FirstCenters(rows, std::min(count, rows.rows()), random);
  const size_t k = centers.size() / d;
  std::vector<uint32_t> cluster_of(rows.rows());
  std::vector<float> nearness;
  for (int round = 0; round < kRounds; ++round) {
    nearness = Assign(rows, centers, cluster_of);
    if (round + 1 == kRounds) break;
    std::ranges::fill(centers, 0.0f);
    for (size_t row = 0; row < rows.rows(); ++row) {
      float* const center = centers.data() + cluster_of[row] * d;
      for (size_t i = 0; i < d; ++i) center[i] += rows.row(row)[i];
    }
    for (size_t c = 0; c < k; ++c) Normalize(std::span(centers).subspan(c * d, d));
  }
  // Empty clusters are left out.
  std::vector<uint32_t> number(k, UINT32_MAX);
  for (uint32_t& cluster : cluster_of) {
    if (number[cluster] == UINT32_MAX) {
      number[cluster] = static_cast<uint32_t>(found.members.size());
      found.members.emplace_back();
    }
    cluster = number[cluster];
  }
  for (uint32_t row = 0; row < cluster_of.size(); ++row) found.members[cluster_of[row]].push_back(row);
  for (std::vector<uint32_t>& members : found.members) {
    std::ranges::stable_sort(members, std::greater(), [&](uint32_t row) { return nearness[row]; });
    found.sizes.push_back(members.size());
  }
  found.cluster_of = std::move(cluster_of);
  return found;
}

}  // namespace winnow
