// Preloaded into a program, cuts its power at a given call: WINNOW_POWER_CUT=N lets the Nth call that changes the file
// system find the program dead, and takes back what a disk may not have kept: writes since the last fsync of their file,
// and renames since the last fsync of their directory. Without a cut the number of calls goes to WINNOW_POWER_CUT_COUNT.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct Written {
  dev_t device;
  ino_t inode;
  int fd;        // our own, so that a rename doesn't hide the file
  off_t synced;  // bytes that would outlive the cut
};
struct Renamed {
  char from[PATH_MAX], to[PATH_MAX];
  dev_t device;  // of the directory
  ino_t inode;
  unsigned flags;
};

static struct Written written[4096];
static struct Renamed renamed[1024];
static int num_written, num_renamed;
static long calls;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static void CutPower(void) {
  for (int i = num_renamed - 1; i >= 0; --i) {
    struct Renamed* r = &renamed[i];
    if (r->inode != 0) REAL(renameat2)(AT_FDCWD, r->to, AT_FDCWD, r->from, r->flags);
  }
  for (int i = 0; i < num_written; ++i) {
    if (ftruncate(written[i].fd, written[i].synced) != 0) _exit(99);
  }
  kill(getpid(), SIGKILL);
}

static void Count(void) {
  const char* at = getenv("WINNOW_POWER_CUT");
  ++calls;
  if (at != NULL && calls == atol(at)) CutPower();
}

__attribute__((destructor)) static void WriteCount(void) {
  const char* path = getenv("WINNOW_POWER_CUT_COUNT");
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%ld\n", calls);
  fclose(file);
}

static struct Written* Find(const struct stat* status) {
  for (int i = 0; i < num_written; ++i) {
    if (written[i].device == status->st_dev && written[i].inode == status->st_ino) return &written[i];
  }
  return NULL;
}

ssize_t write(int fd, const void* data, size_t size) {
  struct stat status;
  if (fd > 2 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    pthread_mutex_lock(&mutex);
    Count();
    if (Find(&status) == NULL && num_written < 4096) {
      written[num_written++] = (struct Written){status.st_dev, status.st_ino, dup(fd), status.st_size};
    }
    pthread_mutex_unlock(&mutex);
  }
  return REAL(write)(fd, data, size);
}

int fsync(int fd) {
  struct stat status;
  pthread_mutex_lock(&mutex);
  Count();
  if (fstat(fd, &status) == 0) {
    struct Written* file = Find(&status);
    if (file != NULL) file->synced = status.st_size;
    for (int i = 0; i < num_renamed; ++i) {
      if (renamed[i].device == status.st_dev && renamed[i].inode == status.st_ino) renamed[i].inode = 0;
    }
  }
  pthread_mutex_unlock(&mutex);
  return 0;
}

// What can be undone: an exchange, or a rename to a name that was free. (One that replaces a file is atomic on its own.)
static void Remember(const char* from, const char* to, unsigned flags) {
  char parent[PATH_MAX];
  struct stat status;
  if (num_renamed == 1024 || strlen(from) >= PATH_MAX || strlen(to) >= PATH_MAX) return;
  if (flags != RENAME_EXCHANGE && stat(to, &status) == 0) return;
  strcpy(parent, to);
  if (stat(dirname(parent), &status) != 0) return;
  struct Renamed* r = &renamed[num_renamed++];
  strcpy(r->from, from);
  strcpy(r->to, to);
  r->device = status.st_dev;
  r->inode = status.st_ino;
  r->flags = flags;
}

int rename(const char* from, const char* to) {
  pthread_mutex_lock(&mutex);
  Count();
  const int before = num_renamed;
  Remember(from, to, 0);
  const int result = REAL(rename)(from, to);
  if (result != 0) num_renamed = before;
  pthread_mutex_unlock(&mutex);
  return result;
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  pthread_mutex_lock(&mutex);
  Count();
  const int before = num_renamed;
  Remember(from, to, flags);
  const int result = REAL(renameat2)(from_directory, from, to_directory, to, flags);
  if (result != 0) num_renamed = before;
  pthread_mutex_unlock(&mutex);
  return result;
}

int unlinkat(int directory, const char* name, int flags) {
  pthread_mutex_lock(&mutex);
  Count();
  pthread_mutex_unlock(&mutex);
  return REAL(unlinkat)(directory, name, flags);
}
