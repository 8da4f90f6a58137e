/* Base64 as kombu's envelopes carry bodies. RFC 4648 section 4. Thread rule: any. */
#pragma once
#include "base/buffer.h"

void cito_base64_write(cito_str bytes, cito_buffer *);
/* Appends the bytes; false where the text is none: a foreign character, a wrong length or padding. The buffer is then as before. */
bool cito_base64_read(cito_str text, cito_buffer *);
