/*
 * The record: every refused packet that the firewall logged (nfnetlink_log), and questions of DNS, as a line
 * for people and as one of JSON; each kind of event at most so often, with a count of what was left out.
 * Reads bytes that the agent sent, and so belongs into a process without privileges.
 */
#ifndef GUARD_AUDIT_AUDIT_H
#define GUARD_AUDIT_AUDIT_H

#include <stdint.h>

#include "fw/match.h"
#include "fw/prefix.h"
#include "guard/guard.h"
#include "util/error.h"

struct audit; /* bounded in memory, whatever comes */

/*
 * Opens the target that the settings name (guard/audit/sink.h), and the nflog group, which needs NET_ADMIN;
 * reading it does not. Nothing is opened later: besides memory, what follows asks the kernel only for
 * recvfrom, sendto, write, poll (ppoll) and clock_gettime. Whoever goes on with it must ignore or block
 * SIGPIPE. Returns 0 with *audit (audit_free gives it back) or -errno with *error filled.
 */
int audit_open(const struct guard_settings *settings, struct audit **audit, struct error *error);
void audit_free(struct audit *audit);

/*
 * To be polled for reading; -1 if nothing is to be read (PARA_AUDIT=off without PARA_LEARN). Then audit_read,
 * which never blocks and reads a bounded number of packets.
 */
int audit_fd(const struct audit *audit);
void audit_read(struct audit *audit);

/*
 * DNS has told the agent that name is at this address (of full length): what is refused there is refused by
 * that name.
 */
void audit_name(struct audit *audit, const struct prefix *address, const char *name);

/*
 * A question the agent asked: its name as text, any bytes but zero; type is DNS's (RFC 1035 3.2.2). Refused
 * ones are always recorded, others if the settings say so (PARA_DNS_LOG).
 */
void audit_question(
	struct audit *audit, const char *name, uint16_t type, enum name_verdict verdict, bool refused);

/* To be called about once a second: says the counts of what was not said one by one. */
void audit_tick(struct audit *audit);

/*
 * The end: reads what is left, says the counts, a summary, and with PARA_LEARN the list that would have
 * allowed it. Opens nothing by that.
 */
void audit_end(struct audit *audit);

#endif
