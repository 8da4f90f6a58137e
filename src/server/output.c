/* Output: what a connection has to send.
 *
 * Invariants: out.data[out_sent … out.len) is unsent; a connection with nothing unsent holds no buffer. Sending never blocks: what the socket does not take
 * stays, and the connection polls for room. Threading: the loop's thread. */
#include "server/connection.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

cito_buffer *cito_connection_out(cito_connection *connection)
{
    cito_server *server = connection->server;
    if (!connection->out.data && server->spare_out_count > 0)
        connection->out = server->spare_outs[--server->spare_out_count];
    return &connection->out;
}

void cito_connection_give_out(cito_connection *connection)
{
    cito_server *server = connection->server;
    cito_buffer *out = &connection->out;
    connection->out_sent = 0;
    if (!out->data)
        return;
    if (server->spare_out_count < CITO_SPARES_MAX && out->capacity <= 2 * CITO_OUT_HIGH) {
        out->len = 0;
        server->spare_outs[server->spare_out_count++] = *out;
    } else {
        cito_buffer_finish(out);
    }
    cito_buffer_init(out);
}

/* Bytes sent, 0 where the socket takes none, -1 where the connection was lost. */
static ssize_t send_some(cito_connection *connection, struct iovec *parts, size_t count)
{
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
    ssize_t sent;
    do /* send costs less than sendmsg, and one part is the rule */
        sent = count == 1 ? send(connection->fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
                          : sendmsg(connection->fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent > 0 && connection->timeout.kind == CITO_TIMEOUT_WRITE) /* it moves: the time-out counts from here */
        cito_timeout_set(&connection->server->timeouts, &connection->timeout, CITO_TIMEOUT_WRITE, cito_server_now_ms(connection->server));
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
        return 0;
    cito_connection_lost(connection);
    return -1;
}

bool cito_connection_flush(cito_connection *connection)
{
    if (connection->closed)
        return false;
    size_t unsent = cito_connection_unsent(connection);
    if (unsent == 0)
        return true;
    struct iovec part = { connection->out.data + connection->out_sent, unsent };
    ssize_t sent = send_some(connection, &part, 1);
    if (sent < 0)
        return false;
    connection->out_sent += (size_t)sent;
    if (connection->out_sent == connection->out.len)
        cito_connection_give_out(connection);
    return true;
}

bool cito_connection_write(cito_connection *connection, const char *data, size_t len)
{
    cito_buffer *out = cito_connection_out(connection);
    if (len >= CITO_OUT_DIRECT && !(connection->events & UV_WRITABLE)) {
        bool alone = cito_connection_unsent(connection) == 0;
        struct iovec parts[2] = { { alone ? NULL : out->data + connection->out_sent, cito_connection_unsent(connection) },
                                  { (void *)data, len } };
        ssize_t sent = send_some(connection, parts + alone, 2u - alone);
        if (sent < 0)
            return false;
        size_t before = (size_t)sent < parts[0].iov_len ? (size_t)sent : parts[0].iov_len;
        connection->out_sent += before;
        data += (size_t)sent - before;
        len -= (size_t)sent - before;
        if (connection->out_sent == out->len)
            out->len = connection->out_sent = 0;
    }
    /* A reader that is slow for long makes out grow at its end while it is sent from its start. */
    if (connection->out_sent > CITO_OUT_HIGH) {
        memmove(out->data, out->data + connection->out_sent, cito_connection_unsent(connection));
        out->len -= connection->out_sent;
        connection->out_sent = 0;
    }
    cito_buffer_append(out, data, len);
    return true;
}
