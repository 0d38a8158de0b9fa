/* A seccomp filter run here: what it says of any system call of any architecture, without making one. */
#ifndef TESTS_BPF_H
#define TESTS_BPF_H

#include <stdint.h>
#include <linux/filter.h>

/* Copies the program that is run from now on. */
void bpf_take(const struct sock_fprog *filter);

/* What it returns (SECCOMP_RET_…) for a call. Fails the test if it does what the kernel would not take. */
uint32_t bpf_run(uint32_t architecture, uint32_t number, const uint64_t arguments[6]);

#endif
