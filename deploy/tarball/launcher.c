// bin/winnow of a tarball: starts lib/winnow/winnow with the loader and the libraries beside it, wherever the tarball was
// unpacked. It is linked statically, so that it runs where the C library is another one, or none.
//
// The kernel takes the path of a program's loader literally, and relative to the working directory, so that a program
// cannot name a loader beside itself. It is started by its loader instead; /proc/self/exe is then lib/winnow/winnow-loader,
// from which the program knows that this launcher is what starts it again (base/environment.h).
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

enum { kAdded = 7, kSystemFailed = 71 };

static int Fail(const char* what, const char* path) {
  fprintf(stderr, "winnow: %s '%s': %s\n", what, path, strerror(errno));
  return kSystemFailed;
}

// Writes the real path of this file, links followed, into `path`. Where /proc is missing, the kernel's own note helps.
static int FindOneself(char* path) {
  if (realpath("/proc/self/exe", path) != NULL) return 0;
  const char* const started = (const char*)getauxval(AT_EXECFN);
  return started != NULL && realpath(started, path) != NULL ? 0 : -1;
}

static char* Join(const char* directory, const char* name) {
  char* joined = NULL;
  return asprintf(&joined, "%s%s", directory, name) < 0 ? NULL : joined;
}

int main(int argc, char** argv) {
  char path[PATH_MAX];
  if (FindOneself(path) != 0) return Fail("the path of this program cannot be found", argc > 0 ? argv[0] : "");
  for (int level = 0; level < 2; ++level) {  // bin/winnow
    char* const slash = strrchr(path, '/');
    if (slash == NULL) return Fail("an odd path", path);
    *slash = '\0';
  }
  char* const libraries = Join(path, "/lib/winnow");
  char* const loader = Join(path, "/lib/winnow/winnow-loader");
  char* const program = Join(path, "/lib/winnow/winnow");
  char* const converters = Join(path, "/lib/winnow/gconv");
  char** const arguments = calloc((size_t)argc + kAdded + 1, sizeof *arguments);
  if (!libraries || !loader || !program || !converters || !arguments) return Fail("no memory for", path);

  // The converters of character sets that belong to this C library, for mail.
  if (setenv("GCONV_PATH", converters, 1) != 0) return Fail("no memory for", path);
  char** next = arguments;
  *next++ = loader;
  *next++ = "--argv0";
  *next++ = argc > 0 ? argv[0] : program;
  *next++ = "--inhibit-cache";  // libraries of the system are not looked for
  *next++ = "--library-path";
  *next++ = libraries;
  *next++ = program;
  for (int i = 1; i < argc; ++i) *next++ = argv[i];
  execv(loader, arguments);
  return Fail("cannot start", loader);
}
