#include "base/rename.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

#if defined(__linux__) && !defined(__GLIBC__)
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace winnow {
namespace {

#if defined(__linux__)
constexpr unsigned kExchange = RENAME_EXCHANGE, kNoReplace = RENAME_NOREPLACE;
#elif defined(__APPLE__)
constexpr unsigned kExchange = RENAME_SWAP, kNoReplace = RENAME_EXCL;
#else
constexpr unsigned kExchange = 1, kNoReplace = 2;
#endif

int Rename(int from_directory, const char* from, int to_directory, const char* to, unsigned how) {
#if defined(__GLIBC__)
  return ::renameat2(from_directory, from, to_directory, to, how) == 0 ? 0 : errno;
#elif defined(__linux__)
  // musl has renameat2 in its newest versions only.
  return ::syscall(SYS_renameat2, from_directory, from, to_directory, to, how) == 0 ? 0 : errno;
#elif defined(__APPLE__)
  const int result = ::renameatx_np(from_directory, from, to_directory, to, how) == 0 ? 0 : errno;
  return result == ENOTSUP ? EINVAL : result;
#else
  static_cast<void>(from_directory), static_cast<void>(from), static_cast<void>(to_directory), static_cast<void>(to);
  return how == 0 ? EINVAL : ENOSYS;
#endif
}

}  // namespace

int ExchangeNames(const char* a, const char* b) { return Rename(AT_FDCWD, a, AT_FDCWD, b, kExchange); }

int RenameWithoutReplacing(int from_directory, const char* from, int to_directory, const char* to) {
  return Rename(from_directory, from, to_directory, to, kNoReplace);
}

}  // namespace winnow
