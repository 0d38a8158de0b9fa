/* Asking each library for its version; libmnl has no way to ask. The Makefile defines VERSION and
 * LIBMNL_VERSION. */
#include "init/version.h"

#include <ares.h>
#include <curl/curl.h>
#include <jansson.h>
#include <mbedtls/version.h>
#include <stdio.h>

void version_print(void)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

	printf("secure-init %s\n", VERSION);
	printf("libcurl %s, mbedTLS %s, c-ares %s, jansson %s, libmnl " LIBMNL_VERSION "\n", curl->version,
		MBEDTLS_VERSION_STRING, ares_version(NULL), JANSSON_VERSION);
}
