/* What this program can do, for whoever runs it: its effective user, and whether it holds CAP_NET_ADMIN or
 * CAP_NET_RAW. */
#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/capability.h>

int main(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return 1;
	printf("uid=%u,net_admin=%d,net_raw=%d\n", geteuid(), data[0].effective >> CAP_NET_ADMIN & 1,
		data[0].effective >> CAP_NET_RAW & 1);
	return 0;
}
