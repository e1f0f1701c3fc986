// Preloaded into a program, cuts its power at a given call: WINNOW_TEST_POWER_CUT=N lets the Nth call that changes the file
// system find the program dead, and takes back what a disk may not have kept: what was written to a file since its last
// fsync or fdatasync, and names that were made, changed or removed since the last fsync of their directory.
//
//     WINNOW_TEST_POWER_CUT_TORN=SEED   keeps a random half of the writes that were not synced: a disk writes in any order
//     WINNOW_TEST_POWER_CUT_KILL=1      takes nothing back: the program was killed, and the system lives
//     WINNOW_TEST_POWER_CUT_COUNT=FILE  without a cut: the number of calls goes to the file
//
// Seen are calls of open, openat, write, pwrite, writev, ftruncate, fsync, fdatasync, rename, renameat2, linkat, unlink,
// unlinkat and remove that go through the dynamic linker, and not: memory maps, directories that are made.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct File {
  dev_t device;
  ino_t inode;
  int fd;        // our own, for reading and writing, so that a rename or removal does not hide the file
  off_t synced;  // size that would outlive the cut
};
struct Overwritten {  // a part of a file before it was changed
  int file;           // -1: it has been synced
  off_t begin, end;   // of the change
  size_t size;        // of `bytes`: what of it was in the file before
  unsigned char* bytes;
};
enum What { kCreated, kRenamed, kExchanged, kRemoved };
struct Name {
  enum What what;
  char path[PATH_MAX], from[PATH_MAX];  // `from` of renames
  int fd;                               // contents of a removed file
  dev_t device;                         // of the directory
  ino_t inode;                          // 0: it has been synced
};

static struct File* files;
static struct Overwritten* changes;
static struct Name* names;
static int num_files, num_changes, num_names;
static long calls;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

// Room for one more element of an array that grows by doubling.
static void* Grown(void* array, int count, size_t size) {
  if (count > 0 && (count & (count - 1)) != 0) return array;
  void* const grown = realloc(array, (count == 0 ? 1 : 2 * (size_t)count) * size);
  if (grown == NULL) _exit(98);
  return grown;
}

static void UndoName(const struct Name* name) {
  if (name->what == kCreated) REAL(unlink)(name->path);
  if (name->what == kRenamed) REAL(renameat2)(AT_FDCWD, name->path, AT_FDCWD, name->from, 0);
  if (name->what == kExchanged) REAL(renameat2)(AT_FDCWD, name->path, AT_FDCWD, name->from, RENAME_EXCHANGE);
  if (name->what != kRemoved) return;
  const int again = REAL(open)(name->path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (again < 0) return;  // the name was used again
  static unsigned char buffer[1 << 16];
  off_t at = 0;
  for (ssize_t got; (got = pread(name->fd, buffer, sizeof(buffer), at)) > 0; at += got) {
    if (REAL(write)(again, buffer, (size_t)got) != got) _exit(99);
  }
  struct stat status;  // the file is as old as it was
  if (fstat(name->fd, &status) != 0) _exit(99);
  const struct timespec times[] = {status.st_atim, status.st_mtim};
  if (futimens(again, times) != 0) _exit(99);
}

static void CutPower(void) {
  const char* const torn = getenv("WINNOW_TEST_POWER_CUT_TORN");
  unsigned long long random = torn == NULL ? 0 : strtoull(torn, NULL, 10) + 1;
  for (int i = num_changes - 1; i >= 0; --i) {
    const struct Overwritten* const change = &changes[i];
    if (change->file < 0) continue;
    struct File* const file = &files[change->file];
    random = random * 6364136223846793005ull + 1442695040888963407ull;  // Knuth's MMIX
    if (torn != NULL && (random >> 40) % 2 == 0) {
      if (change->end > file->synced) file->synced = change->end;
      continue;
    }
    if (change->size > 0 &&
        REAL(pwrite)(file->fd, change->bytes, change->size, change->begin) != (ssize_t)change->size) {
      _exit(99);
    }
  }
  for (int i = 0; i < num_files; ++i) {
    struct stat status;
    if (fstat(files[i].fd, &status) != 0 || status.st_size == files[i].synced) continue;
    if (REAL(ftruncate)(files[i].fd, files[i].synced) != 0) _exit(99);
  }
  for (int i = num_names - 1; i >= 0; --i) {
    if (names[i].inode != 0) UndoName(&names[i]);
  }
}

static void Count(void) {
  static const char* at = NULL;
  if (at == NULL && (at = getenv("WINNOW_TEST_POWER_CUT")) == NULL) at = "0";
  if (++calls != atol(at)) return;
  if (getenv("WINNOW_TEST_POWER_CUT_KILL") == NULL) CutPower();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

__attribute__((destructor)) static void WriteCount(void) {
  const char* path = getenv("WINNOW_TEST_POWER_CUT_COUNT");
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%ld\n", calls);
  fclose(file);
}

// The number of an open regular file, or -1. It is opened once more, and never closed: that would end the program's
// locks of the file.
static int FileOf(int fd) {
  struct stat status;
  if (fd <= 2 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return -1;
  for (int i = 0; i < num_files; ++i) {
    if (files[i].device == status.st_dev && files[i].inode == status.st_ino) return i;
  }
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  const int own = REAL(open)(path, O_RDWR | O_CLOEXEC);
  if (own < 0) return -1;
  files = Grown(files, num_files, sizeof(*files));
  files[num_files] = (struct File){status.st_dev, status.st_ino, own, status.st_size};
  return num_files++;
}

// Remembers what the file has in a part that is about to be changed.
static void Remember(int file, off_t begin, off_t end) {
  changes = Grown(changes, num_changes, sizeof(*changes));
  struct Overwritten* const change = &changes[num_changes++];
  *change = (struct Overwritten){file, begin, end, 0, NULL};
  struct stat status;
  if (fstat(files[file].fd, &status) != 0 || status.st_size <= begin || end <= begin) return;
  change->size = (size_t)((end < status.st_size ? end : status.st_size) - begin);
  change->bytes = malloc(change->size);
  if (change->bytes == NULL) _exit(98);
  if (pread(files[file].fd, change->bytes, change->size, begin) != (ssize_t)change->size) _exit(97);
}

// Counts a call that is about to write `size` bytes, at `offset` or, if that is negative, where the descriptor stands.
static void NoteWrite(int fd, off_t offset, size_t size) {
  pthread_mutex_lock(&mutex);
  const int file = FileOf(fd);
  if (file >= 0) {
    Count();
    struct stat status;
    if (offset < 0) offset = lseek(fd, 0, SEEK_CUR);
    if ((fcntl(fd, F_GETFL) & O_APPEND) != 0 && fstat(fd, &status) == 0) offset = status.st_size;
    Remember(file, offset, offset + (off_t)size);
  }
  pthread_mutex_unlock(&mutex);
}

ssize_t write(int fd, const void* data, size_t size) {
  NoteWrite(fd, -1, size);
  return REAL(write)(fd, data, size);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  NoteWrite(fd, -1, size);
  return REAL(writev)(fd, parts, count);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  NoteWrite(fd, offset, size);
  return REAL(pwrite)(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) { return pwrite(fd, data, size, offset); }

int ftruncate(int fd, off_t size) {
  pthread_mutex_lock(&mutex);
  const int file = FileOf(fd);
  struct stat status;
  if (file >= 0 && fstat(fd, &status) == 0) {
    Count();
    Remember(file, size, status.st_size);
  }
  pthread_mutex_unlock(&mutex);
  return REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

static int Sync(int fd) {
  struct stat status;
  pthread_mutex_lock(&mutex);
  Count();
  if (fstat(fd, &status) == 0) {
    const int file = S_ISREG(status.st_mode) ? FileOf(fd) : -1;
    if (file >= 0) files[file].synced = status.st_size;
    int left = 0;
    for (int i = 0; file >= 0 && i < num_changes; ++i) {
      if (changes[i].file == file) {
        free(changes[i].bytes);
        changes[i].file = -1;
      }
      if (changes[i].file >= 0) left = i + 1;
    }
    if (file >= 0) num_changes = left;
    for (int i = 0; i < num_names; ++i) {
      if (names[i].device == status.st_dev && names[i].inode == status.st_ino) names[i].inode = 0;
    }
  }
  pthread_mutex_unlock(&mutex);
  return 0;
}

int fsync(int fd) { return Sync(fd); }
int fdatasync(int fd) { return Sync(fd); }

// Remembers a name that is about to be made, changed or removed.
static void NoteName(enum What what, const char* path, const char* from, int fd) {
  char parent[PATH_MAX];
  struct stat status;
  if (strlen(path) >= PATH_MAX || strlen(from) >= PATH_MAX) return;
  strcpy(parent, path);
  if (stat(dirname(parent), &status) != 0) return;
  names = Grown(names, num_names, sizeof(*names));
  struct Name* const name = &names[num_names++];
  *name = (struct Name){.what = what, .fd = fd, .device = status.st_dev, .inode = status.st_ino};
  strcpy(name->path, path);
  strcpy(name->from, from);
}

// The path of a name below an open directory, in `full`, which outlives the descriptor.
static const char* PathBelow(int directory, const char* name, char full[PATH_MAX]) {
  char link[64], parent[PATH_MAX];
  if (directory == AT_FDCWD || name[0] == '/') return name;
  snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
  const ssize_t size = readlink(link, parent, sizeof(parent) - 1);
  if (size < 0 || (size_t)size + strlen(name) + 2 > PATH_MAX) return name;
  parent[size] = '\0';
  memcpy(full, parent, (size_t)size);
  full[size] = '/';
  strcpy(full + size + 1, name);
  return full;
}

static int Exists(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_CREAT) == 0) return REAL(open)(path, flags, mode);
  pthread_mutex_lock(&mutex);
  const int is_new = !Exists(path);
  if (is_new) Count();
  const int fd = REAL(open)(path, flags, mode);
  if (is_new && fd >= 0) NoteName(kCreated, path, "", -1);
  pthread_mutex_unlock(&mutex);
  return fd;
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open(path, flags, mode);
}

int openat(int directory, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  char full[PATH_MAX];
  if ((flags & O_CREAT) == 0) return REAL(openat)(directory, name, flags, mode);
  return open(PathBelow(directory, name, full), flags, mode);
}

int openat64(int directory, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return openat(directory, name, flags, mode);
}

int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) {
  char full[PATH_MAX];
  pthread_mutex_lock(&mutex);
  Count();
  const int result = REAL(linkat)(from_directory, from, to_directory, to, flags);
  if (result == 0) NoteName(kCreated, PathBelow(to_directory, to, full), "", -1);
  pthread_mutex_unlock(&mutex);
  return result;
}

// What can be undone of a rename: an exchange, or one to a name that was free. (One that replaces a file is atomic on its own.)
static int Rename(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  pthread_mutex_lock(&mutex);
  Count();
  const int known = flags == RENAME_EXCHANGE || !Exists(to);
  const int result = REAL(renameat2)(from_directory, from, to_directory, to, flags);
  if (result == 0 && known) NoteName(flags == RENAME_EXCHANGE ? kExchanged : kRenamed, to, from, -1);
  pthread_mutex_unlock(&mutex);
  return result;
}

int rename(const char* from, const char* to) { return Rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  char full_from[PATH_MAX], full_to[PATH_MAX];
  return Rename(AT_FDCWD, PathBelow(from_directory, from, full_from), AT_FDCWD, PathBelow(to_directory, to, full_to), flags);
}

// Removes a name; `fd` holds the contents of a regular file.
static int Unlink(const char* path) {
  pthread_mutex_lock(&mutex);
  Count();
  struct stat status;
  const int regular = lstat(path, &status) == 0 && S_ISREG(status.st_mode);
  const int fd = regular ? REAL(open)(path, O_RDONLY | O_CLOEXEC) : -1;
  const int result = REAL(unlink)(path);
  if (result == 0 && fd >= 0) NoteName(kRemoved, path, "", fd);
  pthread_mutex_unlock(&mutex);
  return result;
}

int unlink(const char* path) { return Unlink(path); }

int unlinkat(int directory, const char* name, int flags) {
  char full[PATH_MAX];
  if (flags == 0) return Unlink(PathBelow(directory, name, full));
  pthread_mutex_lock(&mutex);
  Count();
  pthread_mutex_unlock(&mutex);
  return REAL(unlinkat)(directory, name, flags);
}

int remove(const char* path) {
  struct stat status;
  if (lstat(path, &status) == 0 && S_ISREG(status.st_mode)) return Unlink(path);
  return REAL(remove)(path);
}
