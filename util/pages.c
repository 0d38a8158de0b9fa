/* Giving pages back: see the header. Sources: madvise(2), dl_iterate_phdr(3). */
#include "util/pages.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/mman.h>

/* Those that can be written hold what was made at run time, and stay. */
static int give_back(struct dl_phdr_info *program, size_t size, void *data)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)data;
	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &program->dlpi_phdr[i];
		const uintptr_t start = (program->dlpi_addr + part->p_vaddr) & ~(page - 1);
		const uintptr_t end = program->dlpi_addr + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && !(part->p_flags & PF_W))
			/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
			madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 1;
}

void pages_give_back(void)
{
	dl_iterate_phdr(give_back, NULL);
}
