/// The identity of a data set.
#pragma once

#include <string>

#include "data/dataset.h"

namespace winnow {

/// SHA-256, in hexadecimal digits, over the labels and the texts in their order (CanonicalBytes): independent of file
/// names and formats.
std::string DataSha256(const Dataset& dataset);

}  // namespace winnow
