/*
 * A seccomp filter, instruction by instruction: classic BPF over struct seccomp_data. Knows no policy.
 * Sources: seccomp(2), linux/seccomp.h, linux/filter.h, linux/audit.h.
 */
#ifndef UTIL_FILTER_H
#define UTIL_FILTER_H

#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* Where things are for filter_load. Both architectures are little-endian: the lower half of an argument,
 * which has the number n (0 to 5), comes first. */
#define FILTER_NUMBER	   ((uint32_t)offsetof(struct seccomp_data, nr))
#define FILTER_ARGUMENT(n) ((uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t)))

#define FILTER_MAX 500

/* Begins with n = 0. What is added beyond FILTER_MAX is left out, and filter_put then refuses. */
struct filter {
	struct sock_filter v[FILTER_MAX];
	unsigned int n;
};

/* A call of another architecture's numbering is answered so (SECCOMP_RET_…); of any other the number is
 * loaded. */
void filter_begin(struct filter *filter, uint32_t elsewhere);

/* Puts 32 bits of the call into the accumulator. */
void filter_load(struct filter *filter, uint32_t offset);

/* Keeps these bits of the accumulator. */
void filter_mask(struct filter *filter, uint32_t bits);

/* Skips so many instructions if the accumulator is this, or not; if it has one of these bits, or not. */
void filter_if_equal(struct filter *filter, uint32_t value, unsigned int yes, unsigned int no);
void filter_if_any(struct filter *filter, uint32_t bits, unsigned int yes, unsigned int no);

/* The filter's answer (SECCOMP_RET_…). */
void filter_return(struct filter *filter, uint32_t action);

/*
 * From now on, for ever, for all threads to come and what is executed. Needs no_new_privs, or CAP_SYS_ADMIN.
 * Returns 0, -E2BIG, or -errno.
 */
int filter_put(struct filter *filter);

#endif
