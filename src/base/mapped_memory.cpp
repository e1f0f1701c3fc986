#include "base/mapped_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>

#include "base/mutex.h"

namespace winnow {
namespace {

/// A mapping. The signal handler reads the atomic members alone; the others belong to the owner of the mapping.
struct Mapping {
  std::atomic<uintptr_t> begin = 0, end = 0;  // begin 0: free
  std::atomic<bool> lost = false;             // a page could not be read
  int fd = -1;
  struct stat status {};
  std::string path;
};

constexpr size_t kMappings = 1024;

struct Registry {
  std::array<Mapping, kMappings> mappings;
  std::atomic<size_t> used = 0;  // mappings beyond these were never used
  const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  Mutex mutex;  // of those who register and forget
};

/// Never destroyed: the handler may run until the process ends.
Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

Registry* g_registry = nullptr;  // set before the handler is installed

Mapping* Find(Registry& registry, uintptr_t address) {
  const size_t used = registry.used.load(std::memory_order_acquire);
  for (size_t i = 0; i < used; ++i) {
    Mapping& mapping = registry.mappings[i];
    const uintptr_t begin = mapping.begin.load(std::memory_order_acquire);
    if (begin != 0 && begin <= address && address < mapping.end.load(std::memory_order_relaxed)) return &mapping;
  }
  return nullptr;
}

/// Async-signal-safe: Find reads atomics, and mmap is a system call.
void OnBusError(int signal, siginfo_t* info, void*) {
  const int number = errno;
  const uintptr_t page = g_registry->page;
  // A signal that another process sent has no address.
  const uintptr_t address = info->si_code == BUS_ADRERR ? reinterpret_cast<uintptr_t>(info->si_addr) : 0;
  if (Mapping* const mapping = Find(*g_registry, address)) {
    const uintptr_t begin = address / page * page;
    const uintptr_t end = (mapping->end.load(std::memory_order_relaxed) + page - 1) / page * page;
    mapping->lost.store(true);
    if (::mmap(reinterpret_cast<void*>(begin), end - begin, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
               0) != MAP_FAILED) {
      errno = number;
      return;
    }
  }
  // Not ours: the signal, which is blocked until this function returns, ends the process.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  errno = number;
}

bool IsUnchanged(const Mapping& mapping) {
  struct stat now {};
  return ::fstat(mapping.fd, &now) == 0 && now.st_size == mapping.status.st_size &&
         now.st_mtim.tv_sec == mapping.status.st_mtim.tv_sec && now.st_mtim.tv_nsec == mapping.status.st_mtim.tv_nsec;
}

}  // namespace

void GuardMappedMemory() {
  g_registry = &TheRegistry();
  struct sigaction action {};
  action.sa_sigaction = OnBusError;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

Result<void> CheckMapped(const void* address) {
  const Mapping* const mapping = Find(TheRegistry(), reinterpret_cast<uintptr_t>(address));
  if (mapping == nullptr || (!mapping->lost.load() && IsUnchanged(*mapping))) return {};
  return Fail(
      ErrorCode::kIo, mapping->path + ": the file was truncated or overwritten while it was in use",
      "load the model again (a server: SIGHUP); replace files of models by renaming new ones into place, as mv, "
      "rsync and the commands of winnow do");
}

void RegisterMapping(std::span<const std::byte> bytes, int fd, const std::filesystem::path& path) {
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  const auto free = std::ranges::find_if(registry.mappings, [](const Mapping& each) { return each.begin == 0; });
  if (free == registry.mappings.end() || ::fstat(fd, &free->status) != 0) {
    ::close(fd);
    return;
  }
  free->fd = fd;
  free->path = path.string();
  free->lost = false;
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  free->end = begin + bytes.size();
  free->begin.store(begin, std::memory_order_release);
  const auto count = static_cast<size_t>(free - registry.mappings.begin()) + 1;
  registry.used.store(std::max(registry.used.load(), count), std::memory_order_release);
}

void ForgetMapping(std::span<const std::byte> bytes) {
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  Mapping* const mapping = Find(registry, reinterpret_cast<uintptr_t>(bytes.data()));
  if (mapping == nullptr) return;
  mapping->begin = 0;
  ::close(mapping->fd);
  mapping->fd = -1;
  mapping->path.clear();
}

}  // namespace winnow
