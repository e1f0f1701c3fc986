/// Effect sizes of a change between two samples. Unlike p-values, they do not grow with the number of texts. With few
/// texts chance alone makes them large.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace winnow {

/// Returns the largest difference of the empirical distribution functions of two samples, from 0 for equal ones to 1
/// for samples without overlap (the statistic of Kolmogorov and Smirnov). Requires both to be non-empty and free of
/// NaN.
double DistributionDistance(std::vector<double> first, std::vector<double> second);

/// Returns the distance that DistributionDistance of two samples of one distribution, of `first` and `second` values,
/// exceeds with a probability of at most 1 %: the critical value of Smirnov's limiting distribution (1939, 1948), by
/// the first term of its series. With few or with equal values the probability is lower. Requires values.
double ChanceOfDistributionDistance(size_t first, size_t second);

/// Returns half the sum of the absolute differences of two lists of shares: the share of texts that would have to have
/// another label to make the lists equal (total variation distance). The lists are equally long and each sums to 1.
double TotalVariation(std::span<const double> first, std::span<const double> second);

}  // namespace winnow
