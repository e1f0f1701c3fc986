/// The digest that identifies a data set.
#pragma once

#include <string>

#include "data/dataset.h"

namespace winnow {

/// Returns the SHA-256, in hexadecimal digits, of the labels and the texts in their order (CanonicalBytes), independent
/// of file names and formats.
std::string DataSha256(const Dataset& dataset);

}  // namespace winnow
