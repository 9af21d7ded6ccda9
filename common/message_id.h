/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The journal's MESSAGE_ID of each event that a program may want to wait for or count
 * (journalctl MESSAGE_ID=…). An ID never changes its meaning; a new kind of event gets a
 * new ID.
 */

/*
 * Writes to the kernel: one event for each write that the kernel accepted. The field
 * IPVS_REASON has the reason: state, drain, drained, expired, or drift.
 */
/* A virtual service was created */
#define MESSAGE_ID_SERVICE_CREATED "8f2c231ba05c5d870975fa128191f20c"
/* A virtual service was edited in place */
#define MESSAGE_ID_SERVICE_EDITED "a926a9be6a313a97f4972f4292f12ff2"
/* A virtual service was deleted */
#define MESSAGE_ID_SERVICE_DELETED "eefcb27c933686d32f376a4cb009b395"
/* A destination was created */
#define MESSAGE_ID_DESTINATION_CREATED "9bead97fccba1347efb32dab34618d9c"
/* A destination was edited in place */
#define MESSAGE_ID_DESTINATION_EDITED "19d140e3f2756afe9328e83d649e3078"
/* A destination was deleted */
#define MESSAGE_ID_DESTINATION_DELETED "bf79872cfabd0c7f8c8c1a60f17ea0c4"
/* The connection timeouts were set */
#define MESSAGE_ID_TIMEOUTS_SET "c7f969a78baf316236c813ab6b258179"
/* A sync daemon was started */
#define MESSAGE_ID_DAEMON_STARTED "bab3bac40aed5ddfd50ed68ebeff9aa5"
/* A sync daemon was stopped */
#define MESSAGE_ID_DAEMON_STOPPED "1e97b448536607fb2d5ea55a6561bbfb"
/* A sysctl was set */
#define MESSAGE_ID_SYSCTL_SET "b8fe587f4346f12d21fd81f6f3998567"
/* The dummy link for virtual addresses was made */
#define MESSAGE_ID_LINK_ADDED "d6751e1c6ebc044ccf8d427b6821e71b"
/* That link got its name */
#define MESSAGE_ID_LINK_RENAMED "f6f564b527bf5f4a00af66b9b9ad358a"
/* That link was removed */
#define MESSAGE_ID_LINK_REMOVED "f7af1d7e72b57b4c3d7868e074efa38a"
/* A virtual address was added to that link */
#define MESSAGE_ID_ADDRESS_ADDED "2c158d0f1accd3232d519f543c4e7d6c"
/* A virtual address was removed from it */
#define MESSAGE_ID_ADDRESS_REMOVED "5862254ac580f3e326032a97d39b0cc4"
/* A local route was added */
#define MESSAGE_ID_ROUTE_ADDED "f9c64032cb0ff6c011b76c4d1c9bfe65"
/* A local route was removed */
#define MESSAGE_ID_ROUTE_REMOVED "851210a10cfc77c9fac513b89a3d8a89"
/* nftables' table was made or replaced */
#define MESSAGE_ID_RULESET_SET "b5334e7ac20c464abd3cb0c2f0d8663f"
/* nftables' table was deleted */
#define MESSAGE_ID_RULESET_DELETED "c4371ecc152e44a1b4bd0301f22d0e09"

/* The result of a reconcile, logged when it changes. */
/* The kernel's table equals the state */
#define MESSAGE_ID_IN_SYNC "7b981e43504f910d1c5119b0d17c6e62"
/* Some objects could not be programmed */
#define MESSAGE_ID_DEGRADED "ffc225a7e67f57e93d2b29fa20679a71"
/* One object could not be programmed */
#define MESSAGE_ID_OBJECT_FAILED "028e36a90fb2329cff249853c802fc9e"
/* The state is not valid; nothing was changed */
#define MESSAGE_ID_STATE_REFUSED "115f6b11535bcc41c70b5295e1985739"
/* There is no state; nothing was changed */
#define MESSAGE_ID_STATE_MISSING "f40c36f657df88f6688ff50f1fc5323c"
/* The kernel or the ownership file could not be read or written */
#define MESSAGE_ID_TROUBLE "23b80fd4b768daad8dde305f32d86a7e"
/* The state would take away most of what is ours and is held */
#define MESSAGE_ID_STATE_HELD "d1ae6eb0019e18af4cabb86f38c913c9"
/* Something is degraded, but no object failed */
#define MESSAGE_ID_WARNING "35a2b6b969ed2aab0e547391affeeff4"
