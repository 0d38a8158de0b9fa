/*
 * The filter's instructions: see the header. Sources: each call's own manual page for its arguments.
 */
#include "init/fence.h"

#include <errno.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/netlink.h>

#include "util/filter.h"

/* x86's third numbering (x32) sets it (asm/unistd.h, __X32_SYSCALL_BIT). */
#define X32_BIT 0x40000000U

/* New namespaces of every kind (clone(2)); with a user namespace come all capabilities inside. */
#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
		CLONE_NEWCGROUP | 0x80U /* CLONE_NEWTIME */)

static void refuse(struct filter *filter, int err)
{
	filter_return(filter, SECCOMP_RET_ERRNO | (uint32_t)err);
}

/* The accumulator holds the call's number before each of these, and after it for any other call. */
static void refuse_call(struct filter *filter, long number, int err)
{
	filter_if_equal(filter, (uint32_t)number, 0, 1);
	refuse(filter, err);
}

/* Refused with one of these bits in the argument, else allowed. */
static void refuse_bits(struct filter *filter, long number, unsigned int argument, uint32_t bits)
{
	filter_if_equal(filter, (uint32_t)number, 0, 4);
	filter_load(filter, FILTER_ARGUMENT(argument));
	filter_if_any(filter, bits, 0, 1);
	refuse(filter, EPERM);
	filter_return(filter, SECCOMP_RET_ALLOW);
}

/* Refused with this value in the argument, else allowed. */
static void refuse_values(struct filter *filter, long number, unsigned int argument, uint32_t a, uint32_t b)
{
	filter_if_equal(filter, (uint32_t)number, 0, 5);
	filter_load(filter, FILTER_ARGUMENT(argument));
	filter_if_equal(filter, a, 1, 0);
	filter_if_equal(filter, b, 0, 1);
	refuse(filter, EPERM);
	filter_return(filter, SECCOMP_RET_ALLOW);
}

/* Goes on at the end of the list if the accumulator is one of these, else refuses. */
static void must_be(struct filter *filter, const uint32_t *values, unsigned int n, int err)
{
	for (unsigned int i = 0; i < n; i++)
		filter_if_equal(filter, values[i], n - i, 0);
	refuse(filter, err);
}

/*
 * Families that netfilter sees, and the two that stay on this host. AF_PACKET sends past it, AF_VSOCK talks
 * to the host's hypervisor, AF_XDP to the network card, AF_ALG to the kernel's ciphers. Of netlink what
 * programs ask of: the interfaces, the sockets, devices that come, generic families.
 */
static void sockets(struct filter *filter, long number)
{
	static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	static const uint32_t netlink[] = {
		NETLINK_ROUTE, NETLINK_USERSOCK, NETLINK_SOCK_DIAG, NETLINK_KOBJECT_UEVENT, NETLINK_GENERIC};
	const unsigned int n = sizeof(families) / sizeof(families[0]),
			   m = sizeof(netlink) / sizeof(netlink[0]);

	filter_if_equal(filter, (uint32_t)number, 0, 1 + n + 1 + 1 + 1 + m + 1 + 1);
	filter_load(filter, FILTER_ARGUMENT(0));
	must_be(filter, families, n, EAFNOSUPPORT);
	filter_if_equal(filter, AF_NETLINK, 0, 1 + m + 1);
	filter_load(filter, FILTER_ARGUMENT(2));
	must_be(filter, netlink, m, EPROTONOSUPPORT);
	filter_return(filter, SECCOMP_RET_ALLOW);
}

/* What no program of an agent's needs, and what root in a user namespace could do with it. */
static void refuse_calls(struct filter *filter)
{
	static const long numbers[] = {SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_add_key,
		SYS_request_key, SYS_keyctl, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_open_tree,
		SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
		SYS_setns, SYS_open_by_handle_at, SYS_kexec_load, SYS_init_module, SYS_finit_module,
		SYS_delete_module};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		refuse_call(filter, numbers[i], EPERM);
}

int fence_put(const struct fence *fence)
{
	struct filter filter = {.n = 0};

	if (!fence->up)
		return 0;
	filter_begin(&filter, SECCOMP_RET_ERRNO | ENOSYS);
	filter_if_any(&filter, X32_BIT, 0, 1);
	refuse(&filter, ENOSYS);
	sockets(&filter, SYS_socket);
	sockets(&filter, SYS_socketpair);
	refuse_bits(&filter, SYS_clone, 0, NAMESPACES & ~0x80U);
	refuse_bits(&filter, SYS_unshare, 0, NAMESPACES);
	/* its flags are in memory, which a filter cannot read; the libc falls back on clone */
	refuse_call(&filter, SYS_clone3, ENOSYS);
	refuse_values(&filter, SYS_ioctl, 1, TIOCSTI, TIOCLINUX);
	if (!fence->io_uring) {
		refuse_call(&filter, SYS_io_uring_setup, ENOSYS);
		refuse_call(&filter, SYS_io_uring_enter, ENOSYS);
		refuse_call(&filter, SYS_io_uring_register, ENOSYS);
	}
	refuse_calls(&filter);
	filter_return(&filter, SECCOMP_RET_ALLOW);
	return filter_put(&filter);
}
