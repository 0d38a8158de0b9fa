/* capget(2) and capset(2), which musl does not wrap. */
#include "util/caps.h"

#include <errno.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#define WORDS _LINUX_CAPABILITY_U32S_3

int caps_get(struct caps *caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[WORDS];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*caps = (struct caps){
		.effective = (uint64_t)data[1].effective << 32 | data[0].effective,
		.permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted,
		.inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
	};
	return 0;
}

int caps_set(const struct caps *caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[WORDS];

	for (int word = 0; word < WORDS; word++)
		data[word] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(caps->effective >> (32 * word)),
			.permitted = (uint32_t)(caps->permitted >> (32 * word)),
			.inheritable = (uint32_t)(caps->inheritable >> (32 * word)),
		};
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
