/*
 * The filter as a BPF program: see the header. Sources: seccomp(2), linux/seccomp.h, linux/filter.h,
 * linux/audit.h; each call's own manual page for its arguments.
 */
#include "init/fence.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system calls of this architecture are not known here"
#endif

/* x86's third numbering (x32) sets it (asm/unistd.h, __X32_SYSCALL_BIT). */
#define X32_BIT 0x40000000U

/* New namespaces of every kind (clone(2)); with a user namespace come all capabilities inside. */
#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
		CLONE_NEWCGROUP | 0x80U /* CLONE_NEWTIME */)

/* Both architectures are little-endian: the lower half of an argument comes first. */
#define AT_NUMBER	((uint32_t)offsetof(struct seccomp_data, nr))
#define AT_ARCHITECTURE ((uint32_t)offsetof(struct seccomp_data, arch))
#define AT_ARGUMENT(n)	((uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t)))

#define PROGRAM_MAX 200

struct program {
	struct sock_filter v[PROGRAM_MAX];
	unsigned short n;
};

static void add(struct program *program, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	program->v[program->n++] = (struct sock_filter){code, yes, no, k};
}

static void load(struct program *program, uint32_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void refuse(struct program *program, int err)
{
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err, 0, 0);
}

static void allow(struct program *program)
{
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* The accumulator holds the call's number before each of these, and after it for any other call. */
static void refuse_call(struct program *program, long number, int err)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
	refuse(program, err);
}

/* Refused with one of these bits in the argument, else allowed. */
static void refuse_bits(struct program *program, long number, unsigned int argument, uint32_t bits)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4);
	load(program, AT_ARGUMENT(argument));
	add(program, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	refuse(program, EPERM);
	allow(program);
}

/* Refused with this value in the argument, else allowed. */
static void refuse_values(struct program *program, long number, unsigned int argument, uint32_t a, uint32_t b)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 5);
	load(program, AT_ARGUMENT(argument));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, a, 1, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, b, 0, 1);
	refuse(program, EPERM);
	allow(program);
}

/* Goes on at the end of the list if the accumulator is one of these, else refuses. */
static void must_be(struct program *program, const uint32_t *values, uint8_t n, int err)
{
	for (uint8_t i = 0; i < n; i++)
		add(program, BPF_JMP | BPF_JEQ | BPF_K, values[i], (uint8_t)(n - i), 0);
	refuse(program, err);
}

/*
 * Families that netfilter sees, and the two that stay on this host. AF_PACKET sends past it, AF_VSOCK talks
 * to the host's hypervisor, AF_XDP to the network card, AF_ALG to the kernel's ciphers. Of netlink what
 * programs ask of: the interfaces, the sockets, devices that come, generic families.
 */
static void sockets(struct program *program, long number)
{
	static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	static const uint32_t netlink[] = {
		NETLINK_ROUTE, NETLINK_USERSOCK, NETLINK_SOCK_DIAG, NETLINK_KOBJECT_UEVENT, NETLINK_GENERIC};
	const uint8_t n = sizeof(families) / sizeof(families[0]), m = sizeof(netlink) / sizeof(netlink[0]);

	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0,
		(uint8_t)(1 + n + 1 + 1 + 1 + m + 1 + 1));
	load(program, AT_ARGUMENT(0));
	must_be(program, families, n, EAFNOSUPPORT);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, (uint8_t)(1 + m + 1));
	load(program, AT_ARGUMENT(2));
	must_be(program, netlink, m, EPROTONOSUPPORT);
	allow(program);
}

/* What no program of an agent's needs, and what root in a user namespace could do with it. */
static void refuse_calls(struct program *program)
{
	static const long numbers[] = {SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_add_key,
		SYS_request_key, SYS_keyctl, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_open_tree,
		SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
		SYS_setns, SYS_open_by_handle_at, SYS_kexec_load, SYS_init_module, SYS_finit_module,
		SYS_delete_module};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		refuse_call(program, numbers[i], EPERM);
}

int fence_put(const struct fence *fence)
{
	struct program program = {.n = 0};
	struct sock_fprog filter = {.filter = program.v};

	if (!fence->up)
		return 0;
	load(&program, AT_ARCHITECTURE);
	add(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	refuse(&program, ENOSYS);
	load(&program, AT_NUMBER);
	add(&program, BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 0, 1);
	refuse(&program, ENOSYS);
	sockets(&program, SYS_socket);
	sockets(&program, SYS_socketpair);
	refuse_bits(&program, SYS_clone, 0, NAMESPACES & ~0x80U);
	refuse_bits(&program, SYS_unshare, 0, NAMESPACES);
	/* its flags are in memory, which a filter cannot read; the libc falls back on clone */
	refuse_call(&program, SYS_clone3, ENOSYS);
	refuse_values(&program, SYS_ioctl, 1, TIOCSTI, TIOCLINUX);
	if (!fence->io_uring) {
		refuse_call(&program, SYS_io_uring_setup, ENOSYS);
		refuse_call(&program, SYS_io_uring_enter, ENOSYS);
		refuse_call(&program, SYS_io_uring_register, ENOSYS);
	}
	refuse_calls(&program);
	allow(&program);
	filter.len = program.n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return -errno;
	return 0;
}
