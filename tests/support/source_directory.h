/// The project's sources, for tests that read its examples and documents.
#pragma once

#include <filesystem>

namespace winnow {

std::filesystem::path SourceDirectory();

}  // namespace winnow
