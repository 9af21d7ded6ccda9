/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * While a call into the kernel or an `install` line blocks this process, a thread asks the
 * service manager for more start time (EXTEND_TIMEOUT_USEC), for ten minutes at most. Without a
 * manager nothing is started.
 */
struct keepalive;

/* NULL where there is nobody to tell, or no thread to be had: nothing depends on it. */
struct keepalive *keepalive_start(void);
void keepalive_stop(struct keepalive *keepalive);
