/*
 * Two glibc symbols that Debian's libmnl.a refers to, for musl.
 *
 * libmnl uses them in one debugging function (mnl_nlmsg_fprintf), which nobody here calls; the linker wants
 * them all the same.
 */
#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *file, int flag, const char *format, ...);
const unsigned short **__ctype_b_loc(void);

/* fprintf as glibc's _FORTIFY_SOURCE names it; the flag asks for checks that musl does not have. */
int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list args;
	int n;

	(void)flag;
	va_start(args, format);
	n = vfprintf(file, format, args);
	va_end(args);
	return n;
}

/* The table behind glibc's isprint() and kin, indexed from -128: here one in which nothing is anything. */
const unsigned short **__ctype_b_loc(void)
{
	static const unsigned short none[384];
	static const unsigned short *table = none + 128;

	return &table;
}
