/* Makes the N-th write to a file below FAULT_FOLDER (FAULT_AT) a short one: half of it is written, as the kernel
   may at any time. With FAULT_FULL in the environment the write after it fails with ENOSPC, as on a full disk.
   FAULT_HIT names a file that is made when it has happened. `scripts/faults.sh` preloads it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long calls;

static int is_below(int fd) {
    const char *folder = getenv("FAULT_FOLDER");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (folder == NULL || size < 0) return 0;
    path[size] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

/* How many of the bytes are written now; -1 when the call fails. */
static ssize_t allowed(int fd, size_t count) {
    const char *at = getenv("FAULT_AT"), *hit = getenv("FAULT_HIT");
    if (at == NULL || count < 2 || !is_below(fd)) return (ssize_t)count;
    long after = atomic_fetch_add(&calls, 1) + 1 - atol(at);
    if (after == 0) {
        if (hit != NULL) close(open(hit, O_CREAT | O_WRONLY, 0600));
        return (ssize_t)(count / 2);
    }
    return after == 1 && getenv("FAULT_FULL") != NULL ? -1 : (ssize_t)count;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t now = allowed(fd, count);
    if (now < 0) return errno = ENOSPC, -1;
    return syscall(SYS_write, fd, bytes, (size_t)now);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    ssize_t now = allowed(fd, count);
    if (now < 0) return errno = ENOSPC, -1;
    return syscall(SYS_pwrite64, fd, bytes, (size_t)now, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return pwrite64(fd, bytes, count, at);
}
