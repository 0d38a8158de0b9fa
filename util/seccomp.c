/*
 * An allow list as a BPF program: see the header. Sources: seccomp(2), linux/seccomp.h, linux/filter.h,
 * linux/audit.h.
 */
#include "util/seccomp.h"

#include <errno.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Both architectures are little-endian: the lower half of an argument comes first. */
#define AT_NUMBER	offsetof(struct seccomp_data, nr)
#define AT_ARCHITECTURE offsetof(struct seccomp_data, arch)
#define AT_ARGUMENT(n)	((uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t)))

/* Instructions of one call at most, and those around them. */
#define PER_CALL 6
#define AROUND	 5

static size_t add(struct sock_filter *program, size_t n, struct sock_filter instruction)
{
	program[n] = instruction;
	return n + 1;
}

/* The accumulator holds the number, before and after. */
static size_t add_call(struct sock_filter *program, size_t n, const struct seccomp_call *call)
{
	const uint32_t number = (uint32_t)call->number;

	if (call->mask == 0) {
		n = add(program, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
		return add(program, n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	}
	n = add(program, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5));
	n = add(program, n,
		(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_ARGUMENT(call->argument)));
	n = add(program, n, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, call->mask));
	n = add(program, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->value, 0, 1));
	n = add(program, n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	return add(program, n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_NUMBER));
}

int seccomp_allow(const struct seccomp_call *calls, size_t n_calls)
{
	struct sock_filter program[SECCOMP_CALLS_MAX * PER_CALL + AROUND];
	struct sock_fprog filter = {.filter = program};
	size_t n = 0;

	if (n_calls > SECCOMP_CALLS_MAX)
		return -E2BIG;
	n = add(program, n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_ARCHITECTURE));
	n = add(program, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	n = add(program, n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	/* x86's third numbering (x32) has a bit that no number of the list has */
	n = add(program, n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_NUMBER));
	for (size_t i = 0; i < n_calls; i++)
		n = add_call(program, n, &calls[i]);
	n = add(program, n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	filter.len = (unsigned short)n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return -errno;
	return 0;
}
