/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Memory for the values that a state is made of. Each is read, looked at once and freed, in a dozen
 * pieces for a destination; together they come from a block that is used anew when the last of them
 * was freed. What jansson allocates otherwise comes from malloc() as ever.
 */

/* From now on; not while another thread uses jansson. */
void json_memory_use(void);

/*
 * What jansson allocates in this thread between the two comes from its blocks. It must be freed by
 * this thread, at any time.
 */
void json_memory_begin(void);
void json_memory_end(void);

/* Gives back what this thread has, at the end of a document; nothing while a value is in use. */
void json_memory_drop(void);
