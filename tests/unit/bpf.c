/* The instructions that seccomp's check lets through (seccomp(2), linux/bpf_common.h): see the header. */
#include "tests/unit/unit.h"

#include "tests/unit/bpf.h"

#include <string.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

static struct sock_filter program[BPF_MAXINSNS];
static unsigned int length;

void bpf_take(const struct sock_fprog *filter)
{
	must(filter->len > 0 && filter->len <= LENGTH(program), "%u instructions", filter->len);
	memcpy(program, filter->filter, filter->len * sizeof(program[0]));
	length = filter->len;
}

/* A jump goes forwards, to an instruction that is there. */
static unsigned int jump(unsigned int at, uint32_t by)
{
	must(by < length - at - 1, "instruction %u jumps to %u of %u", at, at + 1 + by, length);
	return at + by;
}

uint32_t bpf_run(uint32_t architecture, uint32_t number, const uint64_t arguments[6])
{
	struct seccomp_data data = {.arch = architecture, .nr = (int)number};
	uint32_t accumulator = 0;

	memcpy(data.args, arguments, sizeof(data.args));
	for (unsigned int at = 0; at < length; at++) {
		const struct sock_filter *it = &program[at];

		switch (it->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			must(it->k % 4 == 0 && it->k < sizeof(data), "instruction %u loads from %u", at,
				it->k);
			memcpy(&accumulator, (const char *)&data + it->k, sizeof(accumulator));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= it->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at = jump(at, accumulator == it->k ? it->jt : it->jf);
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at = jump(at, (accumulator & it->k) != 0 ? it->jt : it->jf);
			break;
		case BPF_RET | BPF_K:
			return it->k;
		default:
			fail_msg("instruction %u is %#x", at, it->code);
		}
	}
	fail_msg("the program runs over its end");
	return 0;
}
