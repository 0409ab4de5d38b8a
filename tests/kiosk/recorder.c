// Preloaded into a process, it writes down every change that the process makes to files under MASQUE_WATCHED, in order,
// into the file MASQUE_RECORD: what tests/kiosk/power_cut.py replays up to any instant.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(result, name, ...) static result (*real_##name)(__VA_ARGS__)

REAL(int, open, const char *, int, ...);
REAL(int, close, int);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(int, ftruncate, int, off_t);
REAL(int, posix_fallocate, int, off_t, off_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);
REAL(int, rename, const char *, const char *);
REAL(int, unlink, const char *);
REAL(int, mkdir, const char *, mode_t);

#define FILES 4096
static char watched_fd[FILES];
static const char *watched;
static int record = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

struct entry {
    uint32_t what, fd, first, second;  // lengths of what follows: a path, then a path or bytes
    uint64_t offset;
};

__attribute__((constructor)) static void find(void) {
#define FIND(name) real_##name = (__typeof__(real_##name))dlsym(RTLD_NEXT, #name)
    FIND(open); FIND(close); FIND(write); FIND(pwrite); FIND(ftruncate); FIND(posix_fallocate); FIND(fsync);
    FIND(fdatasync); FIND(rename); FIND(unlink); FIND(mkdir);
    watched = getenv("MASQUE_WATCHED");
    if (watched && getenv("MASQUE_RECORD"))
        record = real_open(getenv("MASQUE_RECORD"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int inside(const char *path) {
    size_t length = record >= 0 ? strlen(watched) : 0;
    return length && !strncmp(path, watched, length) && (!path[length] || path[length] == '/');
}

static int known(int fd) { return record >= 0 && fd >= 0 && fd < FILES && watched_fd[fd]; }

static void put(char what, int fd, const char *path, const void *data, size_t count, uint64_t offset) {
    struct entry entry = {(uint32_t)what, (uint32_t)fd, path ? (uint32_t)strlen(path) : 0, (uint32_t)count, offset};
    real_write(record, &entry, sizeof entry);
    if (path) real_write(record, path, entry.first);
    if (count) real_write(record, data, count);
}

// Runs the real call and writes it down where it succeeded, as one step that no other thread can come between.
#define STEP(type, call, good, ...) \
    pthread_mutex_lock(&order); type done = call; if (good) put(__VA_ARGS__); pthread_mutex_unlock(&order); return done

static int opened(const char *path, int flags, mode_t mode) {
    if (!inside(path)) return real_open(path, flags, mode);
    pthread_mutex_lock(&order);
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < FILES) {
        watched_fd[fd] = 1;
        put(flags & O_CREAT ? 'c' : 'o', fd, path, 0, 0, (uint64_t)(flags & O_TRUNC));
    }
    pthread_mutex_unlock(&order);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); mode_t mode = (mode_t)va_arg(more, int); va_end(more); \
        return opened(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (known(fd)) watched_fd[fd] = 0;
    return real_close(fd);
}

ssize_t write(int fd, const void *data, size_t count) {
    if (!known(fd)) return real_write(fd, data, count);
    // Where it went is known afterwards only: a file may be open for appending.
    STEP(ssize_t, real_write(fd, data, count), done > 0, 'w', fd, 0, data, (size_t)done,
         (uint64_t)(lseek(fd, 0, SEEK_CUR) - done));
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    if (!known(fd)) return real_pwrite(fd, data, count, offset);
    STEP(ssize_t, real_pwrite(fd, data, count, offset), done > 0, 'w', fd, 0, data, (size_t)done, (uint64_t)offset);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off_t offset) { return pwrite(fd, data, count, offset); }

int ftruncate(int fd, off_t length) {
    if (!known(fd)) return real_ftruncate(fd, length);
    STEP(int, real_ftruncate(fd, length), !done, 't', fd, 0, 0, 0, (uint64_t)length);
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

// Files are made longer by it, from nothing, only.
int posix_fallocate(int fd, off_t offset, off_t length) {
    if (!known(fd)) return real_posix_fallocate(fd, offset, length);
    STEP(int, real_posix_fallocate(fd, offset, length), !done, 't', fd, 0, 0, 0, (uint64_t)(offset + length));
}

int posix_fallocate64(int fd, off_t offset, off_t length) { return posix_fallocate(fd, offset, length); }

int fsync(int fd) {
    if (!known(fd)) return real_fsync(fd);
    STEP(int, real_fsync(fd), !done, 's', fd, 0, 0, 0, 0);
}

int fdatasync(int fd) {
    if (!known(fd)) return real_fdatasync(fd);
    STEP(int, real_fdatasync(fd), !done, 's', fd, 0, 0, 0, 0);
}

int rename(const char *from, const char *to) {
    if (!inside(from)) return real_rename(from, to);
    STEP(int, real_rename(from, to), !done, 'r', 0, from, to, strlen(to), 0);
}

int unlink(const char *path) {
    if (!inside(path)) return real_unlink(path);
    STEP(int, real_unlink(path), !done, 'u', 0, path, 0, 0, 0);
}

int mkdir(const char *path, mode_t mode) {
    if (!inside(path)) return real_mkdir(path, mode);
    STEP(int, real_mkdir(path, mode), !done, 'd', 0, path, 0, 0, 0);
}
