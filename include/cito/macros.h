/* The preprocessor's part of the declaration layer: apply a macro to each item of a list, take parentheses off, pick one of several.
 *
 * Everything here ends in declarations or expressions; nothing hides a return, a goto or a loop. A list may have up to 128 items. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* <stdbool.h> of C17 makes them int, and cito_object("done", true) would say 1. */
#undef true
#undef false
#define true ((_Bool) + 1u)
#define false ((_Bool) + 0u)
/* gnu17 defines both as 1: neither could be a member of CITO_ENUM. */
#undef linux
#undef unix

#define CITO_CAT_(a, b) a##b
#define CITO_CAT(a, b) CITO_CAT_(a, b)
#define CITO_PARENS ()

/* CITO_EACH(F, C, x, y) is F(C, x) F(C, y). */
#define CITO_EVAL(...) CITO_EVAL4(CITO_EVAL4(CITO_EVAL4(__VA_ARGS__)))
#define CITO_EVAL4(...) CITO_EVAL3(CITO_EVAL3(CITO_EVAL3(__VA_ARGS__)))
#define CITO_EVAL3(...) CITO_EVAL2(CITO_EVAL2(CITO_EVAL2(__VA_ARGS__)))
#define CITO_EVAL2(...) CITO_EVAL1(CITO_EVAL1(CITO_EVAL1(__VA_ARGS__)))
#define CITO_EVAL1(...) CITO_EVAL0(CITO_EVAL0(__VA_ARGS__))
#define CITO_EVAL0(...) __VA_ARGS__
#define CITO_EACH(F, C, ...) __VA_OPT__(CITO_EVAL(CITO_EACH_(F, C, __VA_ARGS__)))
#define CITO_EACH_(F, C, X, ...) F(C, X) __VA_OPT__(CITO_EACH_AGAIN CITO_PARENS(F, C, __VA_ARGS__))
#define CITO_EACH_AGAIN() CITO_EACH_

/* CITO_OPTS(ge(0), title("…")) is CITO_OPT_ge(0), CITO_OPT_title("…"); it stands inside CITO_EACH, so it evaluates on its own. */
#define CITO_EVALB(...) CITO_EVALB2(CITO_EVALB2(CITO_EVALB2(__VA_ARGS__)))
#define CITO_EVALB2(...) CITO_EVALB1(CITO_EVALB1(CITO_EVALB1(__VA_ARGS__)))
#define CITO_EVALB1(...) CITO_EVALB0(CITO_EVALB0(__VA_ARGS__))
#define CITO_EVALB0(...) __VA_ARGS__
#define CITO_OPTS(...) __VA_OPT__(CITO_EVALB(CITO_OPTS_(__VA_ARGS__)))
#define CITO_OPTS_(X, ...) CITO_OPT_##X __VA_OPT__(, CITO_OPTS_AGAIN CITO_PARENS(__VA_ARGS__))
#define CITO_OPTS_AGAIN() CITO_OPTS_

#define CITO_UNWRAP(...) __VA_ARGS__
#define CITO_TAIL(...) CITO_TAIL_(__VA_ARGS__)
#define CITO_TAIL_(FIRST, ...) __VA_ARGS__
#define CITO_SECOND(...) CITO_SECOND_(__VA_ARGS__, 0, 0)
#define CITO_SECOND_(A, B, ...) B
#define CITO_IS_PAREN(X) CITO_SECOND(CITO_PAREN_PROBE X)
#define CITO_PAREN_PROBE(...) ~, 1
