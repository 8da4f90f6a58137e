/* cito: typed endpoints in C, served, validated and documented. This header brings everything; each of the others also stands alone.
 *
 *   cito/value.h        text, dates, JSON values              cito/app.h          applications, routers, decorators
 *   cito/type.h         type words and option words           cito/call.h         memory, defer, raise, log
 *   cito/model.h        models, enums, unions, validators     cito/concurrency.h  sleep, start, await, thread pool, locks
 *   cito/callable.h     CITO_DEF, CITO_ASYNC_DEF              cito/web.h          requests and responses
 *   cito/tasks.h        tasks, queues, results                cito/testing.h      the test client */
#pragma once
#include <cito/app.h>
#include <cito/tasks.h>
#include <cito/call.h>
#include <cito/concurrency.h>
#include <cito/testing.h>
#include <cito/web.h>
