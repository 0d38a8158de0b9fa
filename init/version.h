/* The program's version, and those of the libraries in it. */
#ifndef INIT_VERSION_H
#define INIT_VERSION_H

/* Prints them to standard output, for --version. */
void version_print(void);

#endif
