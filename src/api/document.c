/* Writing members of the OpenAPI document. Threading: at start, one thread. */
#include "api/document.h"
#include "json/writer.h"
#include <string.h>

/* Commas between members: `first` is false from the second on. */
void cito_document_key(cito_document *doc, bool *first, const char *name)
{
    if (!*first)
        cito_buffer_append_char(doc->out, ',');
    *first = false;
    cito_json_write_string(doc->out, (cito_str){ name, strlen(name) });
    cito_buffer_append_char(doc->out, ':');
}

void cito_document_text(cito_document *doc, const char *chars) { cito_json_write_string(doc->out, (cito_str){ chars, strlen(chars) }); }

void cito_document_member(cito_document *doc, bool *first, const char *name, const char *chars)
{
    if (!chars)
        return;
    cito_document_key(doc, first, name);
    cito_document_text(doc, chars);
}

void cito_document_flag(cito_document *doc, bool *first, const char *name)
{
    cito_document_key(doc, first, name);
    cito_buffer_append_literal(doc->out, "true");
}
