/*
 * What musl's start-up code leaves undone in a static-pie: once the program has relocated itself, the pages
 * that only that needed to write (PT_GNU_RELRO: tables of functions, the global offset table) become
 * read-only.
 *
 * In a dynamic program the loader does it; a static one has no loader, and musl's own start (crt/rcrt1.c)
 * stops at the relocations. It happens before main() here, and a program that cannot have it does not start.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define NO_START 127 /* as of a program that its loader cannot start */

extern const char __ehdr_start[]
	__attribute__((visibility("hidden"))); /* from the linker: where we are loaded */

static void give_up(void)
{
	static const char words[] = "secure-init: the kernel refuses to make relocated memory read-only\n";

	(void)!write(STDERR_FILENO, words, sizeof(words) - 1);
	_exit(NO_START);
}

/* Both ends are rounded down: what shares its last page with data that is written must stay writable. */
__attribute__((constructor)) static void protect_relocated(void)
{
	const uintptr_t page = getauxval(AT_PAGESZ);
	const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);
	const size_t n = getauxval(AT_PHNUM);

	for (size_t i = 0; i < n; i++) {
		const uintptr_t from = (uintptr_t)__ehdr_start + header[i].p_vaddr;
		const uintptr_t first = from & ~(page - 1), end = (from + header[i].p_memsz) & ~(page - 1);

		if (header[i].p_type == PT_GNU_RELRO && end > first &&
			mprotect((char *)__ehdr_start + (first - (uintptr_t)__ehdr_start), end - first,
				PROT_READ) < 0)
			give_up();
	}
}
