/* Ownership that can be seen: a variable so marked gives up what it holds when it goes out of scope. */
#ifndef UTIL_CLEANUP_H
#define UTIL_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

#define cleanup_fd   __attribute__((cleanup(cleanup_close)))
#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_file __attribute__((cleanup(cleanup_fclose)))

#endif
