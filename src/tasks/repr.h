/* Repr: JSON values as Python prints them, the way Celery cuts them for events and logs. Thread rule: any. Source: Celery's message protocol, argsrepr. */
#pragma once
#include "base/buffer.h"

enum { CITO_REPR_MAX = 1024 }; /* bytes of argsrepr and kwargsrepr */
/* At most max bytes and "..." where it was cut. Lists and objects nested over two deep are [...] and {...}. */
void cito_repr_write(const cito_value *, size_t max, cito_buffer *);
/* The same of an array as a tuple: (1,) and (1, 2) and (). */
void cito_repr_write_tuple(const cito_value *, size_t max, cito_buffer *);
