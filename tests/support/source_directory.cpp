#include "support/source_directory.h"

namespace winnow {

std::filesystem::path SourceDirectory() { return WINNOW_SOURCE_DIR; }

}  // namespace winnow
