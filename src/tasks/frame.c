/* Frames: written and cut out of a row of bytes.
 *
 * Invariants: a frame is complete or not looked at; the peer is a fork of this program, so its lengths are trusted no further than the frame's size. Threading: none. */
#include "tasks/frame.h"

void cito_frame_write(cito_buffer *out, cito_frame head, const cito_str *texts, unsigned count)
{
    size_t size = sizeof head;
    for (unsigned i = 0; i < count; i++)
        size += sizeof(uint32_t) + texts[i].len + 1;
    head.size = (uint32_t)size;
    head.text_count = (uint8_t)count;
    cito_buffer_reserve(out, size);
    cito_buffer_append(out, &head, sizeof head);
    for (unsigned i = 0; i < count; i++) {
        uint32_t len = (uint32_t)texts[i].len;
        cito_buffer_append(out, &len, sizeof len);
        if (len)
            cito_buffer_append(out, texts[i].data, len);
        cito_buffer_append_char(out, '\0'); /* the JSON reader looks for it */
    }
}

size_t cito_frame_read(const char *bytes, size_t len, cito_frame *out_head, cito_str *out_texts, unsigned count)
{
    if (len < sizeof *out_head)
        return 0;
    memcpy(out_head, bytes, sizeof *out_head);
    if (out_head->size > len || out_head->size < sizeof *out_head)
        return 0;
    const char *at = bytes + sizeof *out_head, *end = bytes + out_head->size;
    for (unsigned i = 0; i < count; i++) {
        uint32_t text_len = 0;
        bool there = i < out_head->text_count && (size_t)(end - at) >= sizeof text_len;
        if (there) {
            memcpy(&text_len, at, sizeof text_len);
            at += sizeof text_len;
            there = text_len < (size_t)(end - at);
        }
        out_texts[i] = there ? (cito_str){ at, text_len } : (cito_str){ "", 0 };
        at += there ? text_len + 1 : 0;
    }
    return out_head->size;
}
