/* Filling a struct error. Knows nothing of what failed. */
#include "util/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, enum failure kind, int err, const char *format, ...)
{
	va_list args;

	error->kind = kind;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -err;
}
