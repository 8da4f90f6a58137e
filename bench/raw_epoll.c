/* The floor to measure against: one thread, epoll, and for each request found by its blank line the same fixed bytes. It parses nothing, so no server of
 * real use is faster on the same system calls. Usage: raw_epoll [PORT], on 127.0.0.1; it counts pipelined requests and answers a batch with one write.
 *
 * Invariants: a connection is its descriptor; a request that comes in two pieces is found by the state kept for it.
 * Threading: one. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, CONNECTIONS = 65536, BATCH = 64, INPUT = 16384 };

static const char answer[] = "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: cito\r\ncontent-length: 13\r\n"
                             "content-type: text/plain; charset=utf-8\r\n\r\nHello, World!";
static unsigned char matched[CONNECTIONS]; /* bytes of the blank line that the last input ended with */

static int listen_on(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 2048) != 0) {
        perror("raw_epoll: the port cannot be listened on; give another");
        exit(1);
    }
    return fd;
}

static unsigned count_requests(int fd, const char *data, size_t len)
{
    static const char blank[] = "\r\n\r\n";
    unsigned requests = 0, at = matched[fd];
    for (const char *end = data + len; data < end; data++) {
        if (at == 0 && !(data = memchr(data, '\r', (size_t)(end - data))))
            break;
        at = *data == blank[at] ? at + 1 : *data == '\r';
        if (at == 4) {
            requests++;
            at = 0;
        }
    }
    matched[fd] = (unsigned char)at;
    return requests;
}

/* false: the connection is over. */
static int serve(int fd)
{
    static char input[INPUT], output[BATCH * sizeof answer];
    ssize_t len = recv(fd, input, sizeof input, 0);
    if (len <= 0)
        return len < 0 && errno == EAGAIN;
    for (unsigned requests = count_requests(fd, input, (size_t)len); requests > 0;) {
        unsigned some = requests < BATCH ? requests : BATCH;
        for (unsigned i = 0; i < some; i++)
            memcpy(output + i * (sizeof answer - 1), answer, sizeof answer - 1);
        if (send(fd, output, some * (sizeof answer - 1), MSG_NOSIGNAL) < 0)
            return 0;
        requests -= some;
    }
    return 1;
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 8000, listener = listen_on(port), epoll = epoll_create1(0);
    struct epoll_event events[EVENTS], event = { .events = EPOLLIN, .data.fd = listener };
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                event.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (event.data.fd >= CONNECTIONS)
                    close(event.data.fd);
                else if (event.data.fd >= 0)
                    epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (!serve(fd)) {
                matched[fd] = 0;
                close(fd);
            }
        }
    }
}
