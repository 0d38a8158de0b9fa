#include "util/filter.h"

#include <errno.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/audit.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system calls of this architecture are not known here"
#endif

#define AT_ARCHITECTURE ((uint32_t)offsetof(struct seccomp_data, arch))

static void add(struct filter *filter, unsigned int code, uint32_t k, unsigned int yes, unsigned int no)
{
	if (filter->n < FILTER_MAX)
		filter->v[filter->n] = (struct sock_filter){(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
	filter->n++;
}

void filter_load(struct filter *filter, uint32_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

void filter_mask(struct filter *filter, uint32_t bits)
{
	add(filter, BPF_ALU | BPF_AND | BPF_K, bits, 0, 0);
}

void filter_if_equal(struct filter *filter, uint32_t value, unsigned int yes, unsigned int no)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}

void filter_if_any(struct filter *filter, uint32_t bits, unsigned int yes, unsigned int no)
{
	add(filter, BPF_JMP | BPF_JSET | BPF_K, bits, yes, no);
}

void filter_return(struct filter *filter, uint32_t action)
{
	add(filter, BPF_RET | BPF_K, action, 0, 0);
}

void filter_begin(struct filter *filter, uint32_t elsewhere)
{
	filter_load(filter, AT_ARCHITECTURE);
	filter_if_equal(filter, ARCHITECTURE, 1, 0);
	filter_return(filter, elsewhere);
	filter_load(filter, FILTER_NUMBER);
}

int filter_put(struct filter *filter)
{
	const struct sock_fprog program = {.len = (unsigned short)filter->n, .filter = filter->v};

	if (filter->n > FILTER_MAX)
		return -E2BIG;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}
