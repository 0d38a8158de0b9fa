/* Copies in memory (memfd_create(2)) of what others could change later; a path to one is /proc/self/fd/N. */
#ifndef UTIL_KEPT_H
#define UTIL_KEPT_H

#include <stddef.h>

/* The most that is kept of a file: 16 MiB. */
#define KEPT_MAX (16 << 20)

/* Both return a descriptor that the caller closes, whose bytes nobody changes any more, or -errno. */
int kept_bytes(const void *bytes, size_t length);
/* Of the whole file; of one that is not there, an empty copy. -EFBIG: it is longer than KEPT_MAX. */
int kept_file(const char *path);

#endif
