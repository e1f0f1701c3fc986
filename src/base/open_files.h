/// The number of files and sockets that this process may have open at a time.
#pragma once

namespace winnow {

/// Raises the limit to the highest that the process may set itself (RLIMIT_NOFILE, getrlimit(2)). Shells and service
/// managers start programs with 1,024, for those that call select(), which can name no more; Winnow does not call it.
void RaiseOpenFileLimit();

}  // namespace winnow
