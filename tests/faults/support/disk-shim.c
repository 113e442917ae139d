/*
 * Stands between a program and its disk (LD_PRELOAD, Linux): counts, logs, fails or kills at the n-th change of the
 * files below one folder. It is told what to do by opening paths that do not exist:
 *
 *   /foyer-fault/folder=<folder>       the files that matter; counting starts again
 *   /foyer-fault/log=<file>            from now on every change is appended there, to be replayed
 *   /foyer-fault/mark=<text>           a line of the program in that log, such as "saved <id>"
 *   /foyer-fault/fail=<kind>:<n>:<m>   changes n to n+m-1 fail (m = 0: all from n on); counting starts again
 *   /foyer-fault/clear                 nothing fails any more
 *   /foyer-fault/count                 can be read: how many changes there were
 *
 * Kinds: enospc, eio, short (half is written, the rest fails), fsync (only syncs fail and are counted), rofs, kill.
 * FOYER_FAULT=<folder>,<kind>,<n> does the same from the start.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 8192
static const char control[] = "/foyer-fault/";

enum kind { NOTHING, ENOSPC_KIND, EIO_KIND, SHORT_KIND, FSYNC_KIND, ROFS_KIND, KILL_KIND };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static char *paths[MOST_FILES];
static int log_fd = -1;
static enum kind kind = NOTHING;
static long count, fail_from, fail_times;

static int is_ours(const char *path) { return folder[0] && path && strncmp(path, folder, strlen(folder)) == 0; }
static int is_shared_memory(const char *path) {
  size_t length = strlen(path);
  return length > 4 && strcmp(path + length - 4, "-shm") == 0;
}
static const char *path_of(int fd) { return fd >= 0 && fd < MOST_FILES ? paths[fd] : NULL; }

static void append(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    long written = syscall(SYS_write, log_fd, at, length);
    if (written <= 0) abort();
    at += written;
    length -= (size_t)written;
  }
}

/* A record: kind, length of the path, offset, length of the data (little endian), path, data. */
static void record(char what, const char *path, uint64_t offset, const void *data, uint64_t length) {
  if (log_fd < 0 || is_shared_memory(path)) return;
  struct __attribute__((packed)) { uint8_t what; uint32_t path; uint64_t offset, data; } head;
  head.what = (uint8_t)what;
  head.path = (uint32_t)strlen(path);
  head.offset = offset;
  head.data = length;
  append(&head, sizeof head);
  append(path, head.path);
  if (length) append(data, length);
}

/* Counts a change. Answers whether it must fail. The lock is held. */
static int fails(int is_sync) {
  if (kind == FSYNC_KIND && !is_sync) return 0;
  count += 1;
  if (kind == NOTHING || count < fail_from) return 0;
  if (kind == KILL_KIND && count == fail_from) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
  if (kind == KILL_KIND) return 0;
  if (fail_times > 0 && count >= fail_from + fail_times + (kind == SHORT_KIND)) return 0;
  if (is_sync && (kind == ENOSPC_KIND || kind == SHORT_KIND || kind == ROFS_KIND)) return 0;
  return 1;
}
static int reason(void) { return kind == ENOSPC_KIND ? ENOSPC : kind == ROFS_KIND ? EROFS : EIO; }

static enum kind kind_named(const char *name, size_t length) {
  static const char *names[] = {"", "enospc", "eio", "short", "fsync", "rofs", "kill"};
  for (int i = 1; i < 7; i++)
    if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0) return (enum kind)i;
  return NOTHING;
}

static int answer_count(void) {
  char text[32];
  int length = snprintf(text, sizeof text, "%ld", count);
  int fd = memfd_create("count", 0);
  syscall(SYS_pwrite64, fd, text, (size_t)length, (off_t)0);
  return fd;
}

/* Does what the path says. Answers a descriptor, or -1 with ENOENT. */
static int obey(const char *order) {
  int fd = -1;
  pthread_mutex_lock(&lock);
  if (strncmp(order, "folder=", 7) == 0) {
    snprintf(folder, sizeof folder, "%s", order + 7);
    count = 0;
  } else if (strncmp(order, "log=", 4) == 0) {
    if (log_fd >= 0) syscall(SYS_close, log_fd);
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, order + 4, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  } else if (strncmp(order, "mark=", 5) == 0) {
    record('M', order + 5, 0, NULL, 0);
  } else if (strncmp(order, "fail=", 5) == 0) {
    const char *end = strchr(order + 5, ':');
    if (end) {
      kind = kind_named(order + 5, (size_t)(end - order - 5));
      count = 0;
      sscanf(end + 1, "%ld:%ld", &fail_from, &fail_times);
    }
  } else if (strcmp(order, "clear") == 0) {
    kind = NOTHING;
  } else if (strcmp(order, "count") == 0) {
    fd = answer_count();
  }
  pthread_mutex_unlock(&lock);
  if (fd < 0) errno = ENOENT;
  return fd;
}

__attribute__((constructor)) static void begin(void) {
  const char *order = getenv("FOYER_FAULT");
  if (!order) return;
  char name[16];
  if (sscanf(order, "%4095[^,],%15[^,],%ld", folder, name, &fail_from) == 3) kind = kind_named(name, strlen(name));
  fail_times = 0;
  unsetenv("FOYER_FAULT");
}

static int open_path(int at, const char *path, int flags, mode_t mode) {
  if (path && strncmp(path, control, sizeof control - 1) == 0) return obey(path + sizeof control - 1);
  if (!is_ours(path)) return (int)syscall(SYS_openat, at, path, flags, mode);
  pthread_mutex_lock(&lock);
  struct stat known;
  int is_new = (flags & O_CREAT) && stat(path, &known) != 0;
  int writes = (flags & O_ACCMODE) != O_RDONLY;
  int fd;
  if (kind == ROFS_KIND && writes && count >= fail_from && (is_new || fails(0))) {
    errno = EROFS;
    fd = -1;
  } else if (is_new && fails(0)) {
    errno = reason();
    fd = -1;
  } else {
    fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && fd < MOST_FILES) {
      free(paths[fd]);
      paths[fd] = strdup(path);
      if (is_new) record('C', path, 0, NULL, 0);
      if (!is_new && (flags & O_TRUNC)) record('T', path, 0, NULL, 0);
    }
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
    va_end(more); \
    return open_path(AT_FDCWD, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (path_of(fd)) {
    free(paths[fd]);
    paths[fd] = NULL;
  }
  pthread_mutex_unlock(&lock);
  return (int)syscall(SYS_close, fd);
}

static ssize_t write_at(int fd, const void *data, size_t length, off_t offset, int is_positioned) {
  if (!path_of(fd)) {
    return is_positioned ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
  }
  pthread_mutex_lock(&lock);
  const char *path = path_of(fd);
  off_t at = is_positioned ? offset : lseek(fd, 0, SEEK_CUR);
  size_t wanted = length;
  ssize_t written = -1;
  int must_fail = fails(0);
  if (must_fail && kind == SHORT_KIND && count == fail_from) {
    wanted = length / 2;
    must_fail = 0;
  }
  if (must_fail || (wanted == 0 && length > 0)) {
    errno = reason();
  } else {
    written = is_positioned ? syscall(SYS_pwrite64, fd, data, wanted, offset) : syscall(SYS_write, fd, data, wanted);
    if (written > 0) record('W', path, (uint64_t)at, data, (uint64_t)written);
  }
  pthread_mutex_unlock(&lock);
  return written;
}
ssize_t write(int fd, const void *data, size_t length) { return write_at(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset, 1); }

static int truncate_to(int fd, off_t length) {
  pthread_mutex_lock(&lock);
  int result = -1;
  if (path_of(fd) && fails(0)) {
    errno = reason();
  } else {
    result = (int)syscall(SYS_ftruncate, fd, length);
    if (result == 0 && path_of(fd)) record('T', path_of(fd), (uint64_t)length, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t length) { return truncate_to(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_to(fd, length); }

static int sync_file(int fd, long number) {
  pthread_mutex_lock(&lock);
  int result = -1;
  const char *path = path_of(fd);
  if (path && fails(1)) {
    errno = EIO;
  } else {
    result = (int)syscall(number, fd);
    if (result == 0 && path) record('S', path, 0, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

static int unlink_at(int at, const char *path, int flags) {
  pthread_mutex_lock(&lock);
  int result = -1;
  if (is_ours(path) && fails(0)) {
    errno = kind == ENOSPC_KIND ? EIO : reason();
  } else {
    result = (int)syscall(SYS_unlinkat, at, path, flags);
    if (result == 0 && is_ours(path)) {
      record('U', path, 0, NULL, 0);
      for (int fd = 0; fd < MOST_FILES; fd++)
        if (paths[fd] && strcmp(paths[fd], path) == 0) {
          free(paths[fd]);
          paths[fd] = NULL;
        }
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int unlink(const char *path) { return unlink_at(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlink_at(at, path, flags); }
int remove(const char *path) {
  struct stat known;
  int is_folder = lstat(path, &known) == 0 && S_ISDIR(known.st_mode);
  return unlink_at(AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}

int rename(const char *from, const char *to) {
  pthread_mutex_lock(&lock);
  int result = -1;
  if (is_ours(to) && fails(0)) {
    errno = reason();
  } else {
    result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0 && is_ours(to)) {
      record('R', from, 0, to, strlen(to));
      for (int fd = 0; fd < MOST_FILES; fd++)
        if (paths[fd] && strcmp(paths[fd], from) == 0) {
          free(paths[fd]);
          paths[fd] = strdup(to);
        }
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}
