/* The public test client: the application of a cito_router, asked through web's memory client.
 * Invariant: a client owns its application and ends it last. Threading: one thread. Source: FastAPI, "Testing". */
#include "api/api.h"
#include "base/log.h"
#include "web/memory_client.h"
#include <stdlib.h>
#include <string.h>

struct cito_test_client {
    cito_api *api;
    cito_memory_client *memory;
};

cito_test_client *cito_test_client_new(cito_router *app)
{
    cito_test_client *client = malloc(sizeof *client);
    if (!client)
        cito_abort("out of memory: no %zu bytes for a test client", sizeof *client);
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    client->api = cito_api_new(app, &mistakes);
    if (!client->api)
        cito_die(1, "%.*s", (int)mistakes.len, mistakes.data);
    cito_buffer_finish(&mistakes);
    client->memory = cito_memory_client_new(cito_api_application(client->api), NULL);
    if (!client->memory)
        cito_die(1, "the application did not start: its lifespan or a start-up hook failed; the log says which");
    return client;
}

void cito_test_client_free(cito_test_client *client)
{
    if (!client)
        return;
    cito_memory_client_free(client->memory);
    cito_api_free(client->api);
    free(client);
}

const cito_reply *cito_client_request(cito_test_client *client, const char *method, const char *url, const char *const headers[][2],
                                      cito_str body)
{
    return cito_memory_client_request(client->memory, method, url, headers, body);
}

static const cito_reply *send_json(cito_test_client *client, const char *method, const char *url, const char *json)
{
    static const char *const headers[][2] = { { "content-type", "application/json" }, { NULL, NULL } };
    return cito_client_request(client, method, url, headers, (cito_str){ json, strlen(json) });
}

const cito_reply *cito_client_get(cito_test_client *client, const char *url)
{
    return cito_client_request(client, "GET", url, NULL, CITO_STR(""));
}
const cito_reply *cito_client_delete(cito_test_client *client, const char *url)
{
    return cito_client_request(client, "DELETE", url, NULL, CITO_STR(""));
}
const cito_reply *cito_client_post_json(cito_test_client *client, const char *url, const char *json)
{
    return send_json(client, "POST", url, json);
}
const cito_reply *cito_client_put_json(cito_test_client *client, const char *url, const char *json)
{
    return send_json(client, "PUT", url, json);
}
const cito_reply *cito_client_patch_json(cito_test_client *client, const char *url, const char *json)
{
    return send_json(client, "PATCH", url, json);
}
