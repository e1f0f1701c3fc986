/// The three descriptors that every program is started with.
#pragma once

namespace winnow {

/// Opens those of the descriptors 0, 1 and 2 that are closed: otherwise the next files that the process opens get their
/// numbers, and lines for standard error are written into a result. Standard input cannot be read then, nor standard
/// output written, and what is written to standard error is dropped. To be called before anything opens a file.
void OpenMissingStandardFiles();

}  // namespace winnow
