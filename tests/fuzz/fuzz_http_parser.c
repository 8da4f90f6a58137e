/* The HTTP/1.1 parser on any bytes. The first byte picks the limits, the second where and how the rest is cut; the outcome of every cut must be the
 * same text as that of the whole (feeder.h also checks NULs, bounds, and that bytes stay as they are until a head is whole). */
#include "../http/feeder.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(feeder *f, const cito_http_limits *limits, const char *bytes, size_t len, size_t first_cut, size_t step)
{
    feeder_init(f, limits, bytes);
    for (size_t end = first_cut; end < len; end += step)
        feeder_feed(f, end);
    feeder_feed(f, len);
    feeder_end(f, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const cito_http_limits limits[] = { { 0 }, { 20, 30, 3, 80, 8, 12 } };
    if (size < 2 || size > 4096)
        return 0;
    const char *bytes = (const char *)data + 2;
    size_t len = size - 2;
    const cito_http_limits *chosen = &limits[data[0] & 1];
    const size_t cuts[][2] = { { data[1], len + 1 }, { 1, 1 }, { 1 + data[1] % 5, 1 + data[1] % 17 } };
    feeder whole, cut;
    play(&whole, chosen, bytes, len, len, 1);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        play(&cut, chosen, bytes, len, cuts[i][0], cuts[i][1]);
        if (strcmp(whole.log.data, cut.log.data) != 0) {
            fprintf(stderr, "whole:\n%s\ncut at %zu, every %zu:\n%s\n", whole.log.data, cuts[i][0], cuts[i][1], cut.log.data);
            abort();
        }
        feeder_finish(&cut);
    }
    feeder_finish(&whole);
    return 0;
}
