/* Reading a text file line by line, where only whole lines count. */
#ifndef UTIL_LINES_H
#define UTIL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Reads the next line that fits into size bytes with its NUL, without its line's end; the last one needs
 * none. Lines that are longer, or hold a zero byte, are passed over: a part of one must not be taken for the
 * whole. False at the end of the file, or when it cannot be read (ferror(3) tells).
 */
bool lines_next(FILE *file, char *line, size_t size);

#endif
