/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The meaning of each errno when a module is loaded, which is seldom that of strerror(3).
 */
#include "preflight/cause.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "preflight/capability.h"
#include "preflight/lockdown.h"
#include "preflight/modprobe_conf.h"

/* The releases that lib/modules has, "6.1.0-1, 6.1.0-2". */
static void list_releases(const struct system *system, char *text, size_t size)
{
	char path[SYSTEM_PATH];
	cleanup_dir DIR *directory = opendir(system_path(system, path, "lib/modules"));
	const struct dirent *entry;
	size_t used = 0;

	text[0] = '\0';
	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || used >= size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 used ? ", " : "", entry->d_name);
	}
}

bool cause_no_tree(const struct system *system, char *text, size_t size)
{
	char path[SYSTEM_PATH], releases[300];

	snprintf(path, sizeof(path), "lib/modules/%s", system->release);
	if (system_is_directory(system, path))
		return false;
	list_releases(system, releases, sizeof(releases));
	if (!system_is_directory(system, "lib/modules"))
		snprintf(text, size, "%s/lib/modules is not there", system->root);
	else if (releases[0] == '\0')
		snprintf(text, size, "%s/lib/modules is empty", system->root);
	else
		snprintf(
			text, size,
			"%s/lib/modules has no tree for the running kernel %s, only %s: was the kernel replaced without a reboot?",
			system->root, system->release, releases);
	return true;
}

static void cause_of_eperm(const struct system *system, const char *module, char *text,
			   size_t size)
{
	char lockdown[32];
	uint64_t disabled = 0;

	if (!capability_effective(CAP_SYS_MODULE))
		snprintf(text, size, "this process has no CAP_SYS_MODULE");
	else if (system_read_u64(system, "proc/sys/kernel/modules_disabled", &disabled) ==
			 0 &&
		 disabled != 0)
		snprintf(
			text, size,
			"kernel.modules_disabled is 1: no module can be loaded until the next boot");
	else if (modprobe_conf_cmdline_names(system, "module_blacklist", module))
		snprintf(text, size,
			 "module_blacklist= on the kernel's command line names it");
	else if (lockdown_mode(system, lockdown, sizeof(lockdown)) == 0 &&
		 strcmp(lockdown, "none") != 0)
		snprintf(
			text, size,
			"kernel lockdown (%s) refuses a module without a valid signature",
			lockdown);
	else
		snprintf(
			text, size,
			"refused with EPERM: a seccomp filter or a security module forbids it");
}

void cause_of_refusal(const struct system *system, const char *module, const char *file,
		      int code, char *text, size_t size)
{
	switch (code) {
	case EPERM:
		cause_of_eperm(system, module, text, size);
		break;
	case ENOENT:
		if (file && access(file, F_OK) < 0)
			snprintf(text, size,
				 "%s is not there, though modules.dep names it", file);
		else
			snprintf(
				text, size,
				"unknown symbol: it does not fit this kernel or a module that it depends on (the kernel's log names the symbol)");
		break;
	case EKEYREJECTED:
	case ENOKEY:
	case EKEYEXPIRED:
	case EKEYREVOKED:
	case ENOPKG:
		snprintf(
			text, size,
			"its signature is missing or refused, and this kernel demands one");
		break;
	case ENOEXEC:
		snprintf(
			text, size,
			"%s is damaged or was built for another kernel (Exec format error)",
			file ? file : "its file");
		break;
	case EINVAL:
		snprintf(
			text, size,
			"the kernel refused it as invalid: a damaged file or a wrong parameter (the kernel's log says which)");
		break;
	case ENOSYS:
		snprintf(text, size, "this kernel has no loadable modules");
		break;
	default:
		snprintf(text, size, "the kernel's answer: %s", strerror(code));
	}
}

void cause_of_blacklist(const struct system *system, const char *module, char *text,
			size_t size)
{
	char place[300];

	if (modprobe_conf_find(system, "blacklist", module, place, sizeof(place)))
		snprintf(text, size, "blacklisted by modprobe.d: `blacklist %s` in %s",
			 module, place);
	else if (modprobe_conf_cmdline_names(system, "modprobe.blacklist", module))
		snprintf(
			text, size,
			"blacklisted by modprobe.blacklist= on the kernel's command line");
	else
		snprintf(text, size, "blacklisted by modprobe.d");
}
