/* One packet at a time over a SOCK_SEQPACKET socket, which keeps their borders (unix(7)). */
#ifndef UTIL_PACKET_H
#define UTIL_PACKET_H

#include <stddef.h>

/* Sends one packet whole. Returns 0, -EAGAIN if the socket does not block and is full, or -errno. */
int packet_send(int socket, const void *packet, size_t size);

/*
 * Receives one packet, which must be of just this size. Returns 0; -EBADMSG: it is longer or shorter; -EPIPE:
 * the other side has ended; or -errno, -EAGAIN among them.
 */
int packet_receive(int socket, void *packet, size_t size);

#endif
