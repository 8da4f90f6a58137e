/* Status codes: their phrases. RFC 9110 section 15. */
#pragma once
/* "Not Found"; "" where the code has none. The phrases are those of CPython's http.HTTPStatus. */
const char *cito_http_status_phrase(int status);
