/* Redis reply: hiredis' reader with object functions of our own, so that a reply costs an arena and no malloc per element.
 *
 * Invariants: the arena holds the reply being read and nothing else; it is reset when the next one is asked for and none is half read.
 * Threading: its owner's thread. */
#include "tasks/redis_reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

struct cito_redis_reader {
    redisReader *hiredis;
    cito_arena arena;
    bool given; /* the last call gave a reply, which may go */
};

static cito_redis_reply *reply_make(const redisReadTask *task, cito_redis_kind kind)
{
    cito_redis_reader *reader = task->privdata;
    cito_redis_reply *reply = cito_arena_take_zeroed(&reader->arena, sizeof *reply);
    reply->kind = kind;
    if (task->parent) {
        cito_redis_reply *parent = task->parent->obj;
        parent->elements[task->idx] = reply;
    }
    return reply;
}

static void *make_string(const redisReadTask *task, char *data, size_t len)
{
    cito_redis_kind kind = task->type == REDIS_REPLY_ERROR    ? CITO_REDIS_ERROR
                           : task->type == REDIS_REPLY_STATUS ? CITO_REDIS_STATUS
                                                              : CITO_REDIS_STRING;
    cito_redis_reply *reply = reply_make(task, kind);
    reply->text = cito_arena_copy_str(&((cito_redis_reader *)task->privdata)->arena, data, len);
    return reply;
}

/* The type of the count changed with hiredis 1.0. */
#if HIREDIS_MAJOR >= 1
static void *make_array(const redisReadTask *task, size_t count)
#else
static void *make_array(const redisReadTask *task, int count)
#endif
{
    cito_redis_reply *reply = reply_make(task, CITO_REDIS_ARRAY);
    reply->count = (size_t)count;
    reply->elements = cito_arena_take_zeroed(&((cito_redis_reader *)task->privdata)->arena, reply->count * sizeof *reply->elements);
    return reply;
}

static void *make_integer(const redisReadTask *task, long long integer)
{
    cito_redis_reply *reply = reply_make(task, CITO_REDIS_INTEGER);
    reply->integer = integer;
    return reply;
}

static void *make_nil(const redisReadTask *task) { return reply_make(task, CITO_REDIS_NIL); }
static void free_nothing(void *reply) { (void)reply; }

cito_redis_reader *cito_redis_reader_new(void)
{
    static redisReplyObjectFunctions functions = { .createString = make_string,
                                                   .createArray = make_array,
                                                   .createInteger = make_integer,
                                                   .createNil = make_nil,
                                                   .freeObject = free_nothing };
    cito_redis_reader *reader = calloc(1, sizeof *reader);
    if (!reader || !(reader->hiredis = redisReaderCreateWithFunctions(&functions)))
        abort();
    reader->hiredis->privdata = reader;
    reader->hiredis->maxbuf = 1024 * 1024; /* kept between replies: a pop of many messages comes again and again */
    cito_arena_init(&reader->arena, 0);
    return reader;
}

void cito_redis_reader_free(cito_redis_reader *reader)
{
    if (!reader)
        return;
    redisReaderFree(reader->hiredis);
    cito_arena_finish(&reader->arena);
    free(reader);
}

void cito_redis_reader_feed(cito_redis_reader *reader, const char *data, size_t len) { redisReaderFeed(reader->hiredis, data, len); }

bool cito_redis_reader_next(cito_redis_reader *reader, const cito_redis_reply **out_reply)
{
    if (reader->given)
        cito_arena_reset(&reader->arena);
    void *reply = NULL;
    bool good = redisReaderGetReply(reader->hiredis, &reply) == REDIS_OK;
    reader->given = reply != NULL;
    *out_reply = reply;
    return good;
}

const cito_redis_reply *cito_redis_reply_copy(const cito_redis_reply *from, cito_arena *arena)
{
    cito_redis_reply *copy = cito_arena_take_zeroed(arena, sizeof *copy);
    copy->kind = from->kind;
    copy->integer = from->integer;
    if (from->text.data)
        copy->text = cito_arena_copy_str(arena, from->text.data, from->text.len);
    copy->count = from->count;
    copy->elements = from->count ? cito_arena_take_zeroed(arena, from->count * sizeof *copy->elements) : NULL;
    for (size_t i = 0; i < from->count; i++)
        copy->elements[i] = cito_redis_reply_copy(from->elements[i], arena);
    return copy;
}

const cito_redis_reply *cito_redis_reply_at(const cito_redis_reply *reply, size_t index)
{
    static const cito_redis_reply nothing = { .kind = CITO_REDIS_NIL };
    return reply && reply->kind == CITO_REDIS_ARRAY && index < reply->count ? reply->elements[index] : &nothing;
}
