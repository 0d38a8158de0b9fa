/* Copies in memory: see the header. */
#include "util/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/mman.h>

/* Linux 6.3; where vm.memfd_noexec is 2 nothing goes without */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		const ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

static int copy_all(int to, int from)
{
	char bytes[4096];
	size_t total = 0;

	for (;;) {
		const ssize_t n = read(from, bytes, sizeof(bytes));
		int ret;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		total += (size_t)n;
		ret = total > KEPT_MAX ? -EFBIG : write_all(to, bytes, (size_t)n);
		if (ret < 0)
			return ret;
	}
}

/* Seals it, or gives it up. */
static int finish(int fd, int ret)
{
	if (ret == 0 && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

static int new_file(void)
{
	int fd = memfd_create("kept", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("kept", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

int kept_bytes(const void *bytes, size_t length)
{
	const int fd = new_file();

	return fd < 0 ? fd : finish(fd, write_all(fd, bytes, length));
}

int kept_file(const char *path)
{
	const int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int fd, ret;

	if (from < 0)
		return errno == ENOENT ? kept_bytes("", 0) : -errno;
	fd = new_file();
	ret = fd < 0 ? fd : finish(fd, copy_all(fd, from));
	close(from);
	return ret;
}
