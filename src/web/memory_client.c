/* Memory client: an exchange whose bytes never leave the process.
 *
 * Invariants: replies and all their text are in the client's arena; the exchange's own text is in its lifetime's and ends with it.
 * Threading: one thread, which runs the loop. */
#include "web/memory_client.h"
#include "base/buffer.h"
#include "base/log.h"
#include "http/url.h"
#include "json/number.h"
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 100, LIMIT_BODY = 16 * 1024 * 1024 };

typedef struct memory_exchange {
    cito_exchange exchange; /* first */
    cito_memory_client *client;
    cito_reply *reply;
    cito_str sent;      /* the request's body */
    cito_buffer pieces; /* of an answer in pieces */
    cito_header headers[HEADERS_MAX];
    bool gone, finished;
} memory_exchange;

struct cito_memory_client {
    cito_application *application;
    cito_loop *loop;
    cito_arena arena;
};

/* ---- the exchange's methods --------------------------------------------------------------------------------------------------- */

static memory_exchange *memory_of(cito_exchange *exchange) { return (memory_exchange *)(void *)exchange; }

static cito_receive_result read_body(cito_exchange *exchange, cito_str *out_body)
{
    memory_exchange *memory = memory_of(exchange);
    if (memory->gone)
        return CITO_RECEIVE_DISCONNECTED;
    if (memory->sent.len > exchange->limit_body)
        return CITO_RECEIVE_TOO_LARGE;
    *out_body = memory->sent;
    return CITO_RECEIVE_OK;
}

static bool has_length(int status) { return status >= 200 && status != 204 && status != 304; }

static void keep_head(memory_exchange *memory, int status, const cito_header *headers, size_t header_count, const cito_str *body)
{
    cito_arena *arena = &memory->client->arena;
    struct cito_reply_header *kept = cito_arena_take(arena, (header_count + 1) * sizeof *kept);
    for (size_t i = 0; i < header_count; i++) {
        char *name = (char *)cito_arena_copy_str(arena, headers[i].name.data, headers[i].name.len).data;
        for (size_t at = 0; at < headers[i].name.len; at++)
            if (name[at] >= 'A' && name[at] <= 'Z')
                name[at] |= 0x20;
        kept[i].name = (cito_str){ name, headers[i].name.len };
        kept[i].value = cito_arena_copy_str(arena, headers[i].value.data, headers[i].value.len);
    }
    if (body && has_length(status)) {
        char digits[CITO_NUMBER_MAX];
        kept[header_count].name = CITO_STR("content-length");
        kept[header_count++].value = cito_arena_copy_str(arena, digits, cito_uint_write(body->len, digits));
    }
    memory->exchange.status = status;
    memory->reply->status_code = status;
    memory->reply->headers = kept;
    memory->reply->header_count = header_count;
}

static void keep_body(memory_exchange *memory, cito_str body)
{
    if (!cito_str_equal(memory->exchange.scope.method, "HEAD") && has_length(memory->exchange.status))
        memory->reply->body = cito_arena_copy_str(&memory->client->arena, body.data, body.len);
}

static void respond(cito_exchange *exchange, int status, const cito_header *headers, size_t header_count, cito_str body)
{
    memory_exchange *memory = memory_of(exchange);
    if (memory->gone)
        return;
    if (exchange->status)
        cito_abort("the application answered %s %s twice", exchange->scope.method.data, exchange->scope.path.data);
    keep_head(memory, status, headers, header_count, &body);
    keep_body(memory, body);
}

static void start(cito_exchange *exchange, int status, const cito_header *headers, size_t header_count)
{
    if (!memory_of(exchange)->gone)
        keep_head(memory_of(exchange), status, headers, header_count, NULL);
}

static bool write_piece(cito_exchange *exchange, cito_str piece)
{
    if (memory_of(exchange)->gone)
        return false;
    cito_buffer_append_str(&memory_of(exchange)->pieces, piece);
    return true;
}

static void end(cito_exchange *exchange)
{
    memory_exchange *memory = memory_of(exchange);
    if (!memory->gone)
        keep_body(memory, (cito_str){ memory->pieces.data, memory->pieces.len });
}

static bool is_disconnected(const cito_exchange *exchange) { return ((const memory_exchange *)(const void *)exchange)->gone; }

static void finish(cito_exchange *exchange)
{
    memory_exchange *memory = memory_of(exchange);
    if (memory->finished)
        cito_abort("the application finished %s %s twice", exchange->scope.method.data, exchange->scope.path.data);
    memory->finished = true;
    cito_lifetime_drop(exchange->lifetime);
}

static const cito_exchange_methods methods = { read_body, respond, start, write_piece, end, is_disconnected, finish };

/* ---- the scope ---------------------------------------------------------------------------------------------------------------- */

/* As a browser or httpx would: what a request line cannot hold is percent-encoded; a fragment is the client's own. */
static cito_str encode_target(cito_arena *arena, const char *url)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = strcspn(url, "#");
    char *text = cito_arena_take(arena, 3 * len + 2), *out = text;
    if (len == 0 || url[0] == '?')
        *out++ = '/';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)url[i];
        if (c > ' ' && c < 0x7f && !strchr("\"<>", c)) {
            *out++ = (char)c;
            continue;
        }
        *out++ = '%';
        *out++ = hex[c >> 4];
        *out++ = hex[c & 15];
    }
    *out = '\0';
    return (cito_str){ text, (size_t)(out - text) };
}

static void add_header(memory_exchange *memory, const char *name, cito_str value)
{
    cito_scope_http *scope = &memory->exchange.scope;
    cito_arena *arena = memory->exchange.lifetime->arena;
    if (scope->header_count == HEADERS_MAX)
        cito_die(1, "a test's request has more than %d headers", HEADERS_MAX);
    char *lower = (char *)cito_arena_copy_str(arena, name, strlen(name)).data;
    for (char *at = lower; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at |= 0x20;
    memory->headers[scope->header_count++] = (cito_header){ { lower, strlen(lower) }, cito_arena_copy_str(arena, value.data, value.len) };
}

static cito_str header_of(const memory_exchange *memory, const char *name)
{
    for (size_t i = 0; i < memory->exchange.scope.header_count; i++)
        if (cito_str_equal(memory->headers[i].name, name))
            return memory->headers[i].value;
    return (cito_str){ NULL, 0 };
}

static void fill_headers(memory_exchange *memory, cito_str authority, const char *const headers[][2], cito_str body)
{
    const struct {
        const char *name;
        cito_str value;
    } defaults[] = { { "host", authority.len ? authority : CITO_STR("testserver") },
                     { "accept", CITO_STR("*/*") },
                     { "connection", CITO_STR("keep-alive") },
                     { "user-agent", CITO_STR("testclient") } };
    for (; headers && (*headers)[0]; headers++)
        add_header(memory, (*headers)[0], (cito_str){ (*headers)[1], strlen((*headers)[1]) });
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (!header_of(memory, defaults[i].name).data)
            add_header(memory, defaults[i].name, defaults[i].value);
    if (body.len && !header_of(memory, "content-length").data) {
        char digits[CITO_NUMBER_MAX];
        add_header(memory, "content-length", (cito_str){ digits, cito_uint_write(body.len, digits) });
    }
}

static void fill_scope(memory_exchange *memory, const char *method, const char *url, const char *const headers[][2], cito_str body)
{
    cito_arena *arena = memory->exchange.lifetime->arena;
    cito_scope_http *scope = &memory->exchange.scope;
    cito_str authority = { NULL, 0 };
    *scope = (cito_scope_http){ .scheme = CITO_STR("http"),
                                .http_minor = 1,
                                .headers = memory->headers,
                                .client_host = "testclient",
                                .client_port = 50000,
                                .server_host = "testserver",
                                .server_port = 80 };
    if (strncmp(url, "https://", 8) == 0)
        scope->scheme = CITO_STR("https");
    const char *rest = strncmp(url, "http", 4) == 0 ? strstr(url, "://") : NULL;
    if (rest) {
        rest += 3;
        authority = (cito_str){ rest, strcspn(rest, "/?#") };
        url = rest + authority.len;
    }
    fill_headers(memory, authority, headers, body);
    scope->method = cito_arena_copy_str(arena, method, strlen(method));
    scope->target = encode_target(arena, url);
    const char *query = memchr(scope->target.data, '?', scope->target.len);
    size_t path_len = query ? (size_t)(query - scope->target.data) : scope->target.len;
    scope->raw_path = cito_arena_copy_str(arena, scope->target.data, path_len);
    scope->path = cito_url_decode(arena, scope->raw_path, false);
    scope->query_string = query ? (cito_str){ query + 1, scope->target.len - path_len - 1 } : CITO_STR("");
    scope->host = header_of(memory, "host");
    memory->sent = cito_arena_copy_str(arena, body.data, body.len);
}

/* ---- the client --------------------------------------------------------------------------------------------------------------- */

typedef struct lifespan_run {
    cito_memory_client *client;
    bool up, started, ended;
} lifespan_run;

static void run_lifespan(void *data)
{
    lifespan_run *run = data;
    cito_application *application = run->client->application;
    if (run->up)
        run->started = application->startup(application, run->client->loop);
    else
        application->shutdown(application, run->client->loop);
    run->ended = true;
}

static bool run_half(cito_memory_client *client, bool up)
{
    lifespan_run run = { .client = client, .up = up };
    cito_coroutine_spawn(client->loop, NULL, run_lifespan, &run);
    while (!run.ended)
        cito_loop_run(client->loop, UV_RUN_ONCE);
    return run.started;
}

static void free_client(cito_memory_client *client)
{
    cito_loop_free(client->loop);
    cito_arena_finish(&client->arena);
    free(client);
}

cito_memory_client *cito_memory_client_new(cito_application *application, const cito_loop_options *options)
{
    cito_memory_client *client = calloc(1, sizeof *client);
    if (!client)
        cito_abort("out of memory: no %zu bytes for a test client", sizeof *client);
    client->application = application;
    client->loop = cito_loop_new(options);
    cito_arena_init(&client->arena, 0);
    if (run_half(client, true))
        return client;
    free_client(client);
    return NULL;
}

void cito_memory_client_free(cito_memory_client *client)
{
    if (!client)
        return;
    run_half(client, false);
    free_client(client);
}

cito_loop *cito_memory_client_loop(cito_memory_client *client) { return client->loop; }

static void begin(cito_memory_client *client, memory_exchange *memory, const char *method, const char *url, const char *const headers[][2],
                  cito_str body)
{
    memory->exchange = (cito_exchange){ .methods = &methods, .loop = client->loop, .limit_body = LIMIT_BODY };
    memory->exchange.lifetime = cito_lifetime_new(client->loop, NULL);
    memory->client = client;
    memory->gone = memory->finished = false;
    memory->reply = cito_arena_take(&client->arena, sizeof *memory->reply);
    *memory->reply = (cito_reply){ .body = CITO_STR("") };
    cito_buffer_init(&memory->pieces);
    fill_scope(memory, method, url, headers, body);
    client->application->handle(client->application, &memory->exchange);
}

static const cito_reply *await(memory_exchange *memory)
{
    while (!memory->finished)
        cito_loop_run(memory->client->loop, UV_RUN_ONCE);
    cito_buffer_finish(&memory->pieces);
    return memory->reply;
}

const cito_reply *cito_memory_client_request(cito_memory_client *client, const char *method, const char *url,
                                             const char *const headers[][2], cito_str body)
{
    memory_exchange memory;
    begin(client, &memory, method, url, headers, body);
    return await(&memory);
}

void cito_memory_client_request_together(cito_memory_client *client, const char *method, const char *url, size_t count,
                                         const cito_reply *out_replies[])
{
    memory_exchange *memories = calloc(count, sizeof *memories);
    if (!memories)
        cito_abort("out of memory: no room for %zu requests", count);
    for (size_t i = 0; i < count; i++)
        begin(client, &memories[i], method, url, NULL, CITO_STR(""));
    for (size_t i = 0; i < count; i++)
        out_replies[i] = await(&memories[i]);
    free(memories);
}

void cito_memory_client_abandon(cito_memory_client *client, const char *method, const char *url, const char *const headers[][2],
                                cito_str body)
{
    memory_exchange memory;
    begin(client, &memory, method, url, headers, body);
    if (!memory.finished) {
        memory.gone = true;
        cito_lifetime_cancel(memory.exchange.lifetime);
    }
    await(&memory);
}

const cito_str *cito_reply_header_get(const cito_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (cito_str_equal(reply->headers[i].name, name))
            return &reply->headers[i].value;
    return NULL;
}
