/// Check of the nesting of a JSON document before it is parsed.
#pragma once

#include <string_view>

namespace winnow {

/// Returns true if the objects and arrays of the document are nested more than `levels` deep. Scans the bytes once and
/// allocates nothing, so that a document that nests too deeply is rejected before a parser builds a tree of it. The
/// document need not be valid JSON.
bool NestsDeeperThan(std::string_view json, int levels);

}  // namespace winnow
