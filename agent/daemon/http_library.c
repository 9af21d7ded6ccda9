/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/http_library.h"

#ifdef STATIC_BUILD

int http_library_load(struct http_library *library, struct err *err UNUSED)
{
	library->handle = library; /* anything but NULL */
#define X(name) library->name = (name);
	HTTP_FUNCTIONS(X)
#undef X
	return 0;
}

#else

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static const char soname[] = "libmicrohttpd.so.12";

/* dlsym(3) recommends this conversion from an object pointer to a function pointer. */
static int find_function(void *handle, const char *name, void *function)
{
	void *symbol = dlsym(handle, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol ? 0 : -ENOENT;
}

int http_library_load(struct http_library *library, struct err *err)
{
	struct http_library loaded = { 0 };
	int r = 0;

	if (library->handle)
		return 0;
	loaded.handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!loaded.handle)
		return err_set(err, ENOENT, "%s is not installed", soname);
#define X(name) r = r < 0 ? r : find_function(loaded.handle, #name, &loaded.name);
	HTTP_FUNCTIONS(X)
#undef X
	if (r < 0)
		return err_set(err, ENOENT, "%s lacks a function that is needed", soname);
	*library = loaded;
	return 0;
}

#endif
