/* Base64: by tables, three bytes for four characters. Threading: as the buffer. */
#include "tasks/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/* The value of each character and one; 0: none. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11,
    ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22,
    ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33,
    ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44,
    ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55,
    ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

void cito_base64_write(cito_str bytes, cito_buffer *buffer)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    size_t left = bytes.len;
    char *out = cito_buffer_reserve(buffer, (left + 2) / 3 * 4), *start = out;
    for (; left >= 3; left -= 3, at += 3, out += 4) {
        uint32_t word = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
        out[0] = alphabet[word >> 18];
        out[1] = alphabet[word >> 12 & 63];
        out[2] = alphabet[word >> 6 & 63];
        out[3] = alphabet[word & 63];
    }
    if (left) {
        uint32_t word = (uint32_t)at[0] << 16 | (left > 1 ? (uint32_t)at[1] << 8 : 0);
        out[0] = alphabet[word >> 18];
        out[1] = alphabet[word >> 12 & 63];
        out[2] = left > 1 ? alphabet[word >> 6 & 63] : '=';
        out[3] = '=';
        out += 4;
    }
    buffer->len += (size_t)(out - start);
}

bool cito_base64_read(cito_str text, cito_buffer *buffer)
{
    size_t len = text.len, padding = 0;
    if (len % 4)
        return false;
    while (padding < 2 && len && text.data[len - 1] == '=') {
        padding++;
        len--;
    }
    const unsigned char *at = (const unsigned char *)text.data;
    char *out = cito_buffer_reserve(buffer, text.len / 4 * 3), *start = out;
    uint32_t word = 0;
    for (size_t i = 0; i < len; i++) {
        if (!values[at[i]])
            return false;
        word = word << 6 | (uint32_t)(values[at[i]] - 1);
        if (i % 4 == 3) {
            *out++ = (char)(word >> 16);
            *out++ = (char)(word >> 8);
            *out++ = (char)word;
        }
    }
    if (len % 4 == 1)
        return false;
    if (len % 4 == 2)
        *out++ = (char)(word >> 4);
    if (len % 4 == 3) {
        *out++ = (char)(word >> 10);
        *out++ = (char)(word >> 2);
    }
    buffer->len += (size_t)(out - start);
    return true;
}
