/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/vips.h"

#include <stdlib.h>
#include <string.h>

void vips_clear(struct vips *vips)
{
	address_list_clear(&vips->bound);
	address_list_clear(&vips->fresh);
	free(vips->leaving);
	free(vips->local);
	memset(vips, 0, sizeof(*vips));
}
