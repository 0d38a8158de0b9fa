/* A library that says so when it is loaded. */
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
	if (write(2, "PRELOADED\n", 10) < 0)
		_exit(1);
}
