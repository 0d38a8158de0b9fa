/* Several messages by one system call. */
#ifndef UTIL_DATAGRAMS_H
#define UTIL_DATAGRAMS_H

#include <sys/socket.h>

/*
 * sendmmsg(2) itself: musl's makes a system call of each message, in order to clear what its struct msghdr
 * holds beyond the kernel's. Here the messages must have been made from zeros. Returns how many were sent, or
 * -errno.
 */
int datagrams_send(int socket, struct mmsghdr *messages, unsigned int n, int flags);

#endif
