/// How deeply a JSON document is nested, before it is parsed.
#pragma once

#include <string_view>

namespace winnow {

/// Whether objects and arrays of the text are nested more than `levels` deep. Scans the bytes once and allocates
/// nothing, so that a document that nests too deeply is rejected before a parser builds a tree of it. The text need not
/// be valid JSON.
bool NestsDeeperThan(std::string_view json, int levels);

}  // namespace winnow
