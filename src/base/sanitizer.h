/* What the sanitizers and valgrind must be told: which build this is, and that a stack switch is no corruption. */
#pragma once
#if defined(__SANITIZE_ADDRESS__)
#define CITO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CITO_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define CITO_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CITO_TSAN 1
#endif
#endif
#ifndef CITO_ASAN
#define CITO_ASAN 0
#endif
#ifndef CITO_TSAN
#define CITO_TSAN 0
#endif

/* Memory that stands but must not be touched. Nothing where the build has no address sanitizer. */
#if CITO_ASAN
#include <sanitizer/asan_interface.h>
#define CITO_POISON(START, SIZE)   ASAN_POISON_MEMORY_REGION(START, SIZE)
#define CITO_UNPOISON(START, SIZE) ASAN_UNPOISON_MEMORY_REGION(START, SIZE)
#else
#define CITO_POISON(START, SIZE)   ((void)(START), (void)(SIZE))
#define CITO_UNPOISON(START, SIZE) ((void)(START), (void)(SIZE))
#endif
