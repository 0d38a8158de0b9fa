/*
 * Spoiling what the kernel answers by netlink, in the memory of the traced process.
 *
 *   lose dup swap          the datagram never comes; comes twice; comes after the next one
 *   ack refuse old         an error of the kernel's is made a success; a success is made EPERM, or EOPNOTSUPP
 *   sequence port type     the first message's header has another number there
 *   long none              its length is beyond the datagram; is 0
 *   half empty             the datagram's second half is missing; all of it is
 *   sender                 it comes from another process
 *   done torn              it ends a dump; it says that the dump was torn (NLM_F_DUMP_INTR)
 *   flip0 ... flip7        one bit is another, at so many eighths of the datagram
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/netlink.h>

#include "tracer.h"

#define ROOM 65536

enum state { STATE_WAITING, STATE_SWAPPING, STATE_HOLDING, STATE_DONE };

static struct {
	enum state state;
	unsigned char held[ROOM];
	size_t length;
	struct user_regs_struct before; /* a swap's */
} it;

static void copy(pid_t pid, void *ours, uint64_t theirs, size_t length, bool there)
{
	const struct iovec local = {ours, length}, remote = {(void *)(uintptr_t)theirs, length};

	if ((there ? process_vm_writev(pid, &local, 1, &remote, 1, 0)
		   : process_vm_readv(pid, &local, 1, &remote, 1, 0)) < 0)
		abort();
}

/* Where the datagram is, for how much there is room, and its sender. */
static void places(const struct tracee *tracee, uint64_t *bytes, size_t *room, uint64_t *sender)
{
	struct msghdr message;
	struct iovec vector;

	if (tracee->number == SYS_recvfrom) {
		*bytes = tracee->args[1];
		*room = tracee->args[2];
		*sender = tracee->args[4];
		return;
	}
	copy(tracee->pid, &message, tracee->args[1], sizeof(message), false);
	copy(tracee->pid, &vector, (uintptr_t)message.msg_iov, sizeof(vector), false);
	*bytes = (uintptr_t)vector.iov_base;
	*room = vector.iov_len;
	*sender = (uintptr_t)message.msg_name;
}

/* To 0, or from it. */
static bool change_error(unsigned char *bytes, size_t length, int to)
{
	struct nlmsghdr header;

	for (size_t at = 0; at + sizeof(header) <= length; at += NLMSG_ALIGN(header.nlmsg_len)) {
		int err;

		memcpy(&header, bytes + at, sizeof(header));
		if (header.nlmsg_len < sizeof(header))
			return false;
		if (header.nlmsg_type != NLMSG_ERROR)
			continue;
		memcpy(&err, bytes + at + sizeof(header), sizeof(err));
		if ((to == 0) == (err == 0))
			continue;
		memcpy(bytes + at + sizeof(header), &to, sizeof(to));
		return true;
	}
	return false;
}

/* The first header, or a bit, or the length. False if there is nothing of that kind to change. */
static bool change(const char *how, unsigned char *bytes, size_t *length)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)bytes;

	if (strcmp(how, "ack") == 0)
		return change_error(bytes, *length, 0);
	if (strcmp(how, "refuse") == 0)
		return change_error(bytes, *length, -EPERM);
	if (strcmp(how, "old") == 0)
		return change_error(bytes, *length, -EOPNOTSUPP);
	if (strcmp(how, "sequence") == 0)
		header->nlmsg_seq++;
	else if (strcmp(how, "port") == 0)
		header->nlmsg_pid ^= 1;
	else if (strcmp(how, "type") == 0)
		header->nlmsg_type ^= 0x40;
	else if (strcmp(how, "long") == 0)
		header->nlmsg_len = (uint32_t)*length + 64;
	else if (strcmp(how, "none") == 0)
		header->nlmsg_len = 0;
	else if (strcmp(how, "half") == 0)
		*length /= 2;
	else if (strcmp(how, "empty") == 0)
		*length = 0;
	else if (strcmp(how, "done") == 0)
		header->nlmsg_type = NLMSG_DONE;
	else if (strcmp(how, "torn") == 0)
		header->nlmsg_flags |= NLM_F_DUMP_INTR;
	else if (strncmp(how, "flip", 4) == 0)
		bytes[*length * (size_t)(how[4] - '0') / 8] ^= 1;
	else
		abort();
	return true;
}

static void give(const struct tracee *tracee)
{
	uint64_t bytes, sender;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const uint32_t size = sizeof(kernel);
	size_t room;

	places(tracee, &bytes, &room, &sender);
	/* as the kernel, which throws the rest away (recv(2)) */
	if (it.length > room)
		it.length = room;
	copy(tracee->pid, it.held, bytes, it.length, true);
	if (sender != 0)
		copy(tracee->pid, &kernel, sender, sizeof(kernel), true);
	/* msg_namelen follows msg_name (recvmsg(2)); recvfrom has it in its sixth argument */
	if (tracee->number == SYS_recvmsg)
		copy(tracee->pid, (void *)(uintptr_t)&size, tracee->args[1] + 8, sizeof(size), true);
	else if (tracee->args[5] != 0)
		copy(tracee->pid, (void *)(uintptr_t)&size, tracee->args[5], sizeof(size), true);
}

static bool again(struct user_regs_struct *regs, const struct tracee *tracee)
{
	regs->rip -= 2; /* the syscall instruction */
	regs->rax = (unsigned long long)tracee->number;
	return true;
}

static bool swap_second(struct tracee *tracee, struct user_regs_struct *regs)
{
	const long long result = (long long)regs->rax;

	*regs = it.before;
	if (result > 0) {
		it.state = STATE_HOLDING;
		regs->rax = (unsigned long long)result;
		return true;
	}
	/* there was no other to swap it with */
	give(tracee);
	regs->rax = it.length;
	it.state = STATE_DONE;
	return true;
}

bool spoil_exit(struct tracee *tracee, const struct spoil *spoil, struct user_regs_struct *regs)
{
	uint64_t bytes, sender;
	uint32_t other = 4242;
	size_t room;

	if (it.state == STATE_SWAPPING)
		return swap_second(tracee, regs);
	if (it.state != STATE_WAITING || (long long)regs->rax <= 0 || tracee->received != spoil->when)
		return false;
	it.length = regs->rax < ROOM ? regs->rax : ROOM;
	places(tracee, &bytes, &room, &sender);
	copy(tracee->pid, it.held, bytes, it.length, false);
	it.state = STATE_DONE;
	if (strcmp(spoil->how, "lose") == 0)
		return again(regs, tracee);
	if (strcmp(spoil->how, "dup") == 0) {
		it.state = STATE_HOLDING;
		return true;
	}
	if (strcmp(spoil->how, "swap") == 0) {
		it.state = STATE_SWAPPING;
		it.before = *regs;
		if (tracee->number == SYS_recvmsg)
			regs->rdx |= MSG_DONTWAIT;
		else
			regs->r10 |= MSG_DONTWAIT;
		return again(regs, tracee);
	}
	if (strcmp(spoil->how, "sender") == 0) {
		if (sender != 0)
			copy(tracee->pid, &other, sender + 4, sizeof(other), true);
		return true;
	}
	if (!change(spoil->how, it.held, &it.length))
		return true;
	copy(tracee->pid, it.held, bytes, regs->rax, true);
	regs->rax = it.length;
	return true;
}

bool spoil_entry(struct tracee *tracee, const struct spoil *spoil)
{
	(void)tracee;
	(void)spoil;
	return it.state == STATE_HOLDING;
}

long spoil_late(struct tracee *tracee)
{
	give(tracee);
	it.state = STATE_DONE;
	return (long)it.length;
}

bool spoil_done(void)
{
	return it.state == STATE_DONE;
}
