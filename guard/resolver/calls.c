/* The resolver's system calls: its sockets and its memory. No file is opened, nothing executed. */
#include "guard/resolver/calls.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "util/seccomp.h"

int calls_confine(void)
{
	static const struct seccomp_call calls[] = {
		/* the loop, by frequency */
		{.number = SYS_recvmmsg},
		{.number = SYS_sendmmsg},
		{.number = SYS_epoll_pwait},
		{.number = SYS_recvfrom},
		{.number = SYS_sendto},
		{.number = SYS_close},
		{.number = SYS_epoll_ctl},
		{.number = SYS_connect},
		{.number = SYS_bind},
		{SYS_socket, 0, UINT32_MAX, AF_INET},
		{SYS_socket, 0, UINT32_MAX, AF_INET6},
		{.number = SYS_accept4},
		{.number = SYS_recvmsg},
		{.number = SYS_sendmsg},
		{.number = SYS_read},
		{.number = SYS_write},
		{.number = SYS_ppoll},
#ifdef SYS_poll
		{.number = SYS_poll},
#endif
		{.number = SYS_writev},
		{.number = SYS_clock_gettime},
		{.number = SYS_getrandom},
#ifdef SYS_epoll_wait
		{.number = SYS_epoll_wait},
#endif
		/* memory, of which none becomes code */
		{SYS_mmap, 2, PROT_EXEC, 0},
		{SYS_mprotect, 2, PROT_EXEC, 0},
		{.number = SYS_mremap},
		{.number = SYS_munmap},
		{.number = SYS_madvise},
		{.number = SYS_brk},
		/* of the C library around signals, and the end */
		{.number = SYS_rt_sigreturn},
		{.number = SYS_rt_sigprocmask},
		{.number = SYS_restart_syscall},
		{.number = SYS_exit},
		{.number = SYS_exit_group},
	};

	return seccomp_allow(calls, sizeof(calls) / sizeof(calls[0]));
}
