/*
 * units NAME ARGUMENT...: one of the programs of this folder, which are all linked into this one; their mains
 * have got their files' names, with _ for - (tests/unit.mk).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char *argv[])
{
	char name[64] = "";
	int (*program)(int, char *[]) = NULL;

	if (argc > 1 && strncmp(argv[1], "test-", 5) == 0)
		snprintf(name, sizeof(name), "%s", argv[1]);
	for (char *c = name; (c = strchr(c, '-')) != NULL;)
		*c = '_';
	*(void **)&program = dlsym(RTLD_DEFAULT, name);
	if (program == NULL) {
		fprintf(stderr, "units: there is no program \"%s\" in tests/unit\n", argc > 1 ? argv[1] : "");
		return 2;
	}
	return program(argc - 1, argv + 1);
}
