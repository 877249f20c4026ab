/* Moves the time of day: the file that LATER names holds seconds, as 8 bytes, which are added to it. Clocks that only
   run forward stay as they are, so that nothing waits longer or shorter. `soak.py` preloads it: days pass in minutes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *later;

__attribute__((constructor)) static void open_later(void) {
    const char *path = getenv("LATER");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *at = mmap(NULL, sizeof *later, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) later = at;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *to) {
    int code = (int)syscall(SYS_clock_gettime, clock, to);
    if (code == 0 && clock == CLOCK_REALTIME && later != NULL) to->tv_sec += (time_t)*later;
    return code;
}
