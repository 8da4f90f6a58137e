/* Hosts of URLs. Private to src/schema. Thread rule: any. Source: WHATWG URL, "Host parsing". */
#pragma once
#include "base/buffer.h"

/* Appends the host in its normal form; NULL, or why it is none. is_special: of http, https, ws, wss, ftp, file: a domain or an IPv4 address. */
const char *cito_url_host_write(cito_str host, bool is_special, cito_buffer *out);
