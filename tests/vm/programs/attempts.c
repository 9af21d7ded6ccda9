/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tries what a service must not be able to do, each attempt in a process of its own, and prints
 * "denied NAME" or "reached NAME", with the error. What is not refused has either happened, and
 * is harmless or undone, or failed later for a bad argument: a root without limits reaches all of
 * it, which shows that an attempt can be reached at all.
 *
 *     attempts FOLDER    FOLDER is one that the service may write
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acct.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"

static const char *folder;
static const char setuid_copy[] = "/usr/lib/vm-tests/attempts-setuid";

/* --- calls of the kernel --- */

static long setuid_program(void)
{
	execl(setuid_copy, setuid_copy, "--am-i-root", NULL);
	return -1;
}

static long gain_capability(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	data[0].effective |= 1U << CAP_SYS_PTRACE;
	data[0].permitted |= 1U << CAP_SYS_PTRACE;
	return syscall(SYS_capset, &header, data);
}

static long setuid_file(void)
{
	char path[200];
	int fd;
	long r;

	snprintf(path, sizeof(path), "%s/attempt", folder);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	if (fd < 0)
		return 0;
	r = fchmod(fd, 04755);
	if (unlink(path) < 0)
		return 0;
	return r;
}

static long mount_and_undo(void)
{
	long r = mount("none", "/mnt", "tmpfs", 0, NULL);

	return r < 0 ? r : umount("/mnt");
}

static long make_device(void)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/attempt", folder);
	if (mknod(path, S_IFCHR | 0600, makedev(1, 1)) < 0)
		return -1;
	return unlink(path);
}

static long read_memory_of_init(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };

	return process_vm_readv(1, &here, 1, &there, 1, 0);
}

static long raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	limit.rlim_max++;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static long real_time(void)
{
	struct sched_param parameter = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &parameter);
}

static long set_clock(void)
{
	struct timespec never = { .tv_sec = -1 };

	return clock_settime(CLOCK_REALTIME, &never);
}

static long set_hostname(void)
{
	char name[64];

	return gethostname(name, sizeof(name)) < 0 ? 0 : sethostname(name, strlen(name));
}

static long read_kernel_log(void)
{
	char text[100];

	return klogctl(3, text, sizeof(text));
}

#define CALLS(TRY)                                                                       \
	TRY(init_module, syscall(SYS_init_module, NULL, 0, ""))                          \
	TRY(finit_module, syscall(SYS_finit_module, -1, "", 0))                          \
	TRY(delete_module, syscall(SYS_delete_module, "no_such_module", O_NONBLOCK))     \
	TRY(kexec_load, syscall(SYS_kexec_load, 0, 0, NULL, ~0UL))                       \
	TRY(reboot, syscall(SYS_reboot, 0, 0, 0, NULL))                                  \
	TRY(bpf, syscall(SYS_bpf, 0, NULL, 0))                                           \
	TRY(setuid, setuid(0))                                                           \
	TRY(setgid, setgid(0))                                                           \
	TRY(setgroups, setgroups(0, NULL))                                               \
	TRY(setuid_program, setuid_program())                                            \
	TRY(gain_capability, gain_capability())                                          \
	TRY(setuid_file, setuid_file())                                                  \
	TRY(chown, chown(folder, -1, -1))                                                \
	TRY(set_personality, personality(ADDR_NO_RANDOMIZE))                             \
	TRY(writable_code, mmap(NULL, 4096, PROT_WRITE | PROT_EXEC,                      \
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED        \
				   ? -1                                                  \
				   : 0)                                                  \
	TRY(unshare_user, unshare(CLONE_NEWUSER))                                        \
	TRY(unshare_mount, unshare(CLONE_NEWNS))                                         \
	TRY(unshare_network, unshare(CLONE_NEWNET))                                      \
	TRY(unshare_process, unshare(CLONE_NEWPID))                                      \
	TRY(join_network,                                                                \
	    setns(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), CLONE_NEWNET))        \
	TRY(join_mount,                                                                  \
	    setns(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), CLONE_NEWNS))         \
	TRY(mount_and_undo, mount_and_undo())                                            \
	TRY(remount_writable, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL))        \
	TRY(umount, umount2("/mnt", MNT_DETACH))                                         \
	TRY(chroot, chroot("/"))                                                         \
	TRY(pivot_root, syscall(SYS_pivot_root, "/mnt", "/mnt"))                         \
	TRY(make_device, make_device())                                                  \
	TRY(open_by_handle, syscall(SYS_open_by_handle_at, -1, NULL, 0))                 \
	TRY(ptrace, ptrace(PTRACE_SEIZE, getppid(), NULL, NULL))                         \
	TRY(read_memory_of_init, read_memory_of_init())                                  \
	TRY(signal_init, kill(1, 0))                                                     \
	TRY(perf_event, syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0))                \
	TRY(io_uring, syscall(SYS_io_uring_setup, 1, NULL))                              \
	TRY(add_key, syscall(SYS_add_key, "user", "attempt", "x", 1, -3))                \
	TRY(keyctl, syscall(SYS_keyctl, 0, -3, 1))                                       \
	TRY(raise_limit, raise_limit())                                                  \
	TRY(raise_priority, setpriority(PRIO_PROCESS, 0, -20))                           \
	TRY(real_time, real_time())                                                      \
	TRY(set_clock, set_clock())                                                      \
	TRY(set_hostname, set_hostname())                                                \
	TRY(swapon, swapon("/nonexistent", 0))                                           \
	TRY(acct, acct(NULL))                                                            \
	TRY(read_kernel_log, read_kernel_log())                                          \
	TRY(io_ports, ioperm(0, 1, 1))                                                   \
	TRY(packet_socket, socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0))                \
	TRY(raw_socket, socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 6 /* TCP */))           \
	TRY(internet_socket, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))

#define DEFINE(name, call)                                                               \
	static long try_##name(void)                                                     \
	{                                                                                \
		return call;                                                             \
	}
CALLS(DEFINE)

#define ROW(name, call) { #name, try_##name },
static const struct {
	const char *name;
	long (*function)(void);
} calls[] = { CALLS(ROW) };

/* --- files --- */

/* A file is made in these, and removed again but from the temporary ones. */
static const char *const folders[] = {
	"/etc",
	"/etc/ipvs-node",
	"/etc/modprobe.d",
	"/usr",
	"/usr/sbin",
	"/root",
	"/home",
	"/boot",
	"/opt",
	"/run",
	"/run/systemd/system",
	"/run/ipvs-node",
	"/run/ipvs-preflight",
	"/var/lib",
	"/var/lib/ipvs-node",
	"/var/log",
	"/dev/shm",
	"/dev/mqueue",
	"/tmp",
	"/var/tmp",
	"/sys/fs/cgroup",
};

/* These are opened for writing, and nothing is written. */
static const char *const files[] = {
	"/etc/passwd",
	"/usr/sbin/ipvs-agent",
	"/proc/sys/net/ipv4/ip_forward",
	"/proc/sys/kernel/modprobe",
	"/proc/sys/kernel/core_pattern",
	"/proc/sys/fs/file-max",
	"/proc/sys/vm/overcommit_memory",
	"/proc/sysrq-trigger",
	"/proc/1/oom_score_adj",
	"/sys/class/net/lo/mtu",
	"/sys/kernel/mm/transparent_hugepage/enabled",
	"/sys/module/nf_conntrack/parameters/hashsize",
	"/sys/fs/cgroup/cgroup.procs",
	"/dev/mem",
	"/dev/kmsg",
	"/dev/ttyS0",
};

static long make_in(const char *path)
{
	char name[200];

	snprintf(name, sizeof(name), "%s/attempt", path);
	if (strncmp(path, "/sys/", 5) == 0)
		return mkdir(name, 0700) < 0 ? -1 : rmdir(name);
	if (open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) < 0)
		return -1;
	return strstr(path, "tmp") ? 0 : unlink(name);
}

static long open_for_writing(const char *path)
{
	long r = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	/* What is there, and not for this process. */
	if (r < 0 && errno == ENOENT)
		errno = EACCES;
	return r;
}

/* --- each by itself --- */

static bool is_refusal(int code)
{
	return code == EPERM || code == EACCES || code == EROFS || code == EAFNOSUPPORT;
}

static void attempt(const char *name, const char *path, long (*function)(void),
		    long (*on_path)(const char *))
{
	int status, code;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		exit(EXIT_FAILURE);
	if (child == 0) {
		errno = 0;
		_exit((path ? on_path(path) : function()) < 0 ? errno : 0);
	}
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		exit(EXIT_FAILURE);
	code = WEXITSTATUS(status);
	printf("%s %s%s%s: %s\n", is_refusal(code) ? "denied" : "reached", name,
	       path ? " " : "", path ? path : "", strerror(code));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	if (strcmp(argv[1], "--am-i-root") == 0)
		return geteuid() == 0 ? 0 : EPERM;
	folder = argv[1];
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		attempt(calls[i].name, NULL, calls[i].function, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		attempt("make_in", folders[i], NULL, make_in);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		attempt("write_to", files[i], NULL, open_for_writing);
	return 0;
}
