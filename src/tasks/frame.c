/* Frames: written and cut out of a row of bytes.
 *
 * Invariants: a frame is complete or not looked at; the peer is a fork of this program, so its lengths are trusted no further than the frame's size. Threading: none. */
#include "tasks/frame.h"

size_t cito_frame_begin(cito_buffer *out, cito_frame head)
{
    size_t begin = out->len;
    cito_buffer_append(out, &head, sizeof head);
    return begin;
}

void cito_frame_add(cito_buffer *out, cito_str text)
{
    uint32_t len = (uint32_t)text.len;
    cito_buffer_append(out, &len, sizeof len);
    if (len)
        cito_buffer_append(out, text.data, len);
    cito_buffer_append_char(out, '\0'); /* the JSON reader looks for it */
}

void cito_frame_end(cito_buffer *out, size_t begin, unsigned count)
{
    cito_frame head;
    memcpy(&head, out->data + begin, sizeof head);
    head.size = (uint32_t)(out->len - begin);
    head.text_count = (uint16_t)count;
    memcpy(out->data + begin, &head, sizeof head);
}

void cito_frame_write(cito_buffer *out, cito_frame head, const cito_str *texts, unsigned count)
{
    size_t size = sizeof head;
    for (unsigned i = 0; i < count; i++)
        size += texts[i].len + CITO_FRAME_TEXT_EXTRA;
    cito_buffer_reserve(out, size);
    size_t begin = cito_frame_begin(out, head);
    for (unsigned i = 0; i < count; i++)
        cito_frame_add(out, texts[i]);
    cito_frame_end(out, begin, count);
}

void cito_frame_texts(const char *bytes, const cito_frame *head, cito_str *out_texts, unsigned count)
{
    const char *at = bytes + sizeof *head, *end = bytes + head->size;
    for (unsigned i = 0; i < count; i++) {
        uint32_t text_len = 0;
        bool there = i < head->text_count && (size_t)(end - at) >= sizeof text_len;
        if (there) {
            memcpy(&text_len, at, sizeof text_len);
            at += sizeof text_len;
            there = text_len < (size_t)(end - at);
        }
        out_texts[i] = there ? (cito_str){ at, text_len } : (cito_str){ "", 0 };
        at += there ? text_len + 1 : 0;
    }
}

size_t cito_frame_read(const char *bytes, size_t len, cito_frame *out_head, cito_str *out_texts, unsigned count)
{
    if (len < sizeof *out_head)
        return 0;
    memcpy(out_head, bytes, sizeof *out_head);
    if (out_head->size > len || out_head->size < sizeof *out_head)
        return 0;
    cito_frame_texts(bytes, out_head, out_texts, count);
    return out_head->size;
}
