#include "base/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace winnow {

void OpenMissingStandardFiles() {
  // The wrong direction for the first two, so that a command that needs them fails as it does with a closed descriptor.
  constexpr std::pair<int, int> kModes[] = {
      {STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}};
  for (const auto& [descriptor, mode] : kModes) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // Each lower descriptor is open by now, so this gets the number.
    [[maybe_unused]] const int opened = ::open("/dev/null", mode);
  }
}

}  // namespace winnow
