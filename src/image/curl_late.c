/* libcurl when it is needed.  It brings two dozen libraries along, which cost a process 10 ms to load: as
 * much as everything else that a worker does for a cached build, or for unpacking a small layer, and only
 * fetchers speak HTTP.  These are its functions under their own names; the first that is called loads it.
 * A fetcher calls curl_global_init() before it gives up the rights to read files. */
#include "base/memory.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>

#define LIBRARY "libcurl.so.4"

/* The checks of types that curl.h makes of them are for those who call. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

static void *find(const char *name)
{
	static void *library;
	void *function;

	if (!library)
		library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	function = library ? dlsym(library, name) : NULL;
	if (function)
		return function;
	fprintf(stderr, "wherry-worker: %s\n", dlerror());
	abort();
}

#if LIBCURL_VERSION_NUM >= 0x080100 /* since when curl_url_get promises to leave it alone */
#define LATE_CONST const
#else
#define LATE_CONST
#endif

#define LATE(result, name, parameters, arguments)                                                  \
	result name parameters                                                                     \
	{                                                                                          \
		static result(*function) parameters;                                               \
		if (!function)                                                                     \
			*(void **)(&function) = find(#name);                                       \
		return function arguments;                                                         \
	}

#define LATE_VOID(name, parameters, arguments)                                                     \
	void name parameters                                                                       \
	{                                                                                          \
		static void(*function) parameters;                                                 \
		if (!function)                                                                     \
			*(void **)(&function) = find(#name);                                       \
		function arguments;                                                                \
	}

LATE(CURLcode, curl_global_init, (long flags), (flags))
LATE_VOID(curl_free, (void *data), (data))
LATE(CURL *, curl_easy_init, (void), ())
LATE_VOID(curl_easy_cleanup, (CURL * curl), (curl))
LATE_VOID(curl_easy_reset, (CURL * curl), (curl))
LATE(CURLcode, curl_easy_perform, (CURL * curl), (curl))
LATE(const char *, curl_easy_strerror, (CURLcode code), (code))
LATE(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),
     (list, text))
LATE_VOID(curl_slist_free_all, (struct curl_slist * list), (list))
LATE(CURLM *, curl_multi_init, (void), ())
LATE(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
LATE(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *curl), (multi, curl))
LATE(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *curl), (multi, curl))
LATE(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running))
LATE(CURLMcode, curl_multi_poll,
     (CURLM * multi, struct curl_waitfd extra[], unsigned count, int timeout_ms, int *ready),
     (multi, extra, count, timeout_ms, ready))
LATE(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
LATE(CURLU *, curl_url, (void), ())
LATE_VOID(curl_url_cleanup, (CURLU * url), (url))
LATE(CURLUcode, curl_url_get, (LATE_CONST CURLU * url, CURLUPart part, char **text, unsigned flags),
     (url, part, text, flags))
LATE(CURLUcode, curl_url_set, (CURLU * url, CURLUPart part, const char *text, unsigned flags),
     (url, part, text, flags))

/* Their last argument is a long, a curl_off_t or a pointer: one register each, on every machine of 64
 * bits. */
_Static_assert(sizeof(long) == sizeof(void *) && sizeof(curl_off_t) == sizeof(void *),
	       "an option's value travels as a pointer");

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	static CURLcode (*function)(CURL *, CURLoption, ...);
	va_list arguments;
	void *value;

	if (!function)
		*(void **)(&function) = find("curl_easy_setopt");
	va_start(arguments, option);
	value = va_arg(arguments, void *);
	va_end(arguments);
	return function(curl, option, value);
}

CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
	static CURLcode (*function)(CURL *, CURLINFO, ...);
	va_list arguments;
	void *value;

	if (!function)
		*(void **)(&function) = find("curl_easy_getinfo");
	va_start(arguments, info);
	value = va_arg(arguments, void *);
	va_end(arguments);
	return function(curl, info, value);
}
