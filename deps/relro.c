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

/* From the linker: our ELF header, at the address where we are loaded. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-*) */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static void give_up(void)
{
	static const char words[] = "secure-init: the kernel refuses to make relocated memory read-only\n";

	(void)!write(STDERR_FILENO, words, sizeof(words) - 1);
	_exit(NO_START);
}

/* Both ends are rounded down: what shares its last page with data that is written must stay writable. */
__attribute__((constructor)) static void protect_relocated(void)
{
	const Elf64_Ehdr *elf = (const void *)__ehdr_start;
	const Elf64_Phdr *segment = (const void *)(__ehdr_start + elf->e_phoff);
	const size_t page = getauxval(AT_PAGESZ), base = (uintptr_t)__ehdr_start;

	for (size_t i = 0; i < elf->e_phnum; i++) {
		const size_t from = segment[i].p_vaddr, to = from + segment[i].p_memsz;
		const size_t first = (base + from) / page * page, end = (base + to) / page * page;

		if (segment[i].p_type == PT_GNU_RELRO && end > first &&
			mprotect((void *)(__ehdr_start + first - base), end - first, PROT_READ) < 0)
			give_up();
	}
}
