/*
 * An SMTP server that takes every mail and keeps none: the same wall for every program to run against, fast enough to
 * be in nobody's way. One process, one thread, epoll; a plain port and one with TLS from the first octet. It offers
 * PIPELINING, CHUNKING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES and SIZE, and holds clients to the order of commands.
 *
 *     sink ADDRESS CERTIFICATE KEY [EVERY]
 *
 * With EVERY it fails one mail in so many: recipients are refused and deferred, mails are refused and deferred at their end,
 * or the connection is cut there without a reply, each as often as the others.
 *
 * Says on standard output which ports it has ("PLAIN TLS"), and on SIGUSR1 and at its end (SIGTERM) a line of JSON:
 * mails, octets received, connections, commands out of order, mails that it refused, deferred and cut off, and seconds from
 * the first mail accepted to the last.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum reading { COMMANDS, MAIL_DATA, CHUNK };

/* What happens to a mail. */
enum fate { ACCEPTED, RCPT_REFUSED, RCPT_DEFERRED, REFUSED, DEFERRED, CUT, FATES };

/* How far a mail transaction has come. */
enum progress { IDLE, HAS_MAIL, HAS_RCPT };

typedef struct {
  int fd;
  SSL *ssl;
  enum reading reading;
  enum progress progress;
  enum fate fate;
  int matched;        /* octets of CRLF.CRLF seen last */
  long chunk_left;
  int chunk_is_last;
  int chunk_is_taken; /* 0: a BDAT out of order, whose octets are passed over */
  char line[4096];    /* a command that is not whole yet */
  size_t line_length;
  char *out;
  size_t out_length, out_room, out_sent;
  int is_quitting;    /* over when all is said */
  int wants_write;
} connection;

static long mails, octets, connections, out_of_order, refused, deferred, cut;
static long every; /* one mail in so many fails; 0: none */
static double first_mail, last_mail;
static volatile sig_atomic_t is_asked, is_over;
static int epoll_fd;
static SSL_CTX *tls;

static void on_signal(int number) {
  if (number == SIGUSR1) is_asked = 1;
  else is_over = 1;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void report(void) {
  printf("{\"mails\":%ld,\"octets\":%ld,\"connections\":%ld,\"outOfOrder\":%ld,\"refused\":%ld,\"deferred\":%ld,"
         "\"cut\":%ld,\"seconds\":%.6f}\n",
         mails, octets, connections, out_of_order, refused, deferred, cut, last_mail - first_mail);
  fflush(stdout);
}

static void say(connection *c, const char *reply) {
  size_t length = strlen(reply);
  if (c->out_length + length > c->out_room) {
    c->out_room = (c->out_length + length) * 2;
    c->out = realloc(c->out, c->out_room);
  }
  memcpy(c->out + c->out_length, reply, length);
  c->out_length += length;
}

/* What follows a recipient that was refused is no fault of a client that does not wait for each reply. */
static void refuse(connection *c) {
  if (c->fate != RCPT_REFUSED && c->fate != RCPT_DEFERRED) out_of_order++;
  say(c, "503 5.5.1 Bad sequence of commands\r\n");
}

/* Each mail's own, without a pattern that could fall in step with a client's connections; the same in every run. */
static enum fate next_fate(void) {
  static unsigned long long state = 1;
  static int kind;
  if (every == 0) return ACCEPTED;
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  if ((state >> 33) % every != 0) return ACCEPTED;
  kind = kind % (FATES - 1) + 1;
  return kind;
}

static void end_mail(connection *c) {
  enum fate fate = c->fate;
  c->progress = IDLE;
  c->fate = ACCEPTED;
  if (fate == REFUSED) {
    refused++;
    say(c, "554 5.7.1 Refused by chance\r\n");
    return;
  }
  if (fate == DEFERRED) {
    deferred++;
    say(c, "451 4.3.0 Try again later\r\n");
    return;
  }
  if (fate == CUT) {
    cut++;
    c->is_quitting = 1;
    return;
  }
  last_mail = now();
  if (mails++ == 0) first_mail = last_mail;
  say(c, "250 2.0.0 Ok: queued as 0123456789ABCDEF\r\n");
}

static void end_chunk(connection *c) {
  c->reading = COMMANDS;
  if (!c->chunk_is_taken) refuse(c);
  else if (c->chunk_is_last) end_mail(c);
  else say(c, "250 2.0.0 Ok\r\n");
}

static int is(const char *line, const char *verb) { return strncasecmp(line, verb, strlen(verb)) == 0; }

static void obey(connection *c, const char *line) {
  if (is(line, "MAIL FROM:")) {
    if (c->progress != IDLE) { refuse(c); return; }
    c->progress = HAS_MAIL;
    c->fate = ACCEPTED;
    say(c, "250 2.1.0 Ok\r\n");
  } else if (is(line, "RCPT TO:")) {
    if (c->progress == IDLE) { refuse(c); return; }
    c->fate = next_fate();
    if (c->fate == RCPT_REFUSED) {
      refused++;
      say(c, "550 5.1.1 No such mailbox\r\n");
      return;
    }
    if (c->fate == RCPT_DEFERRED) {
      deferred++;
      say(c, "450 4.2.0 Greylisted\r\n");
      return;
    }
    c->progress = HAS_RCPT;
    say(c, "250 2.1.5 Ok\r\n");
  } else if (is(line, "DATA")) {
    if (c->progress != HAS_RCPT) { refuse(c); return; }
    c->reading = MAIL_DATA;
    c->matched = 2; /* the CRLF of the command counts: RFC 5321, 4.1.1.4 */
    say(c, "354 End data with <CR><LF>.<CR><LF>\r\n");
  } else if (is(line, "BDAT ")) {
    char *rest;
    c->chunk_left = strtol(line + 5, &rest, 10);
    c->chunk_is_last = strcasestr(rest, "LAST") != NULL;
    c->chunk_is_taken = c->progress == HAS_RCPT;
    c->reading = CHUNK;
    if (c->chunk_left == 0) end_chunk(c);
  } else if (is(line, "RSET")) {
    c->progress = IDLE;
    c->fate = ACCEPTED;
    say(c, "250 2.0.0 Ok\r\n");
  } else if (is(line, "NOOP")) {
    say(c, "250 2.0.0 Ok\r\n");
  } else if (is(line, "EHLO")) {
    c->progress = IDLE;
    say(c, "250-sink.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
           "250-ENHANCEDSTATUSCODES\r\n250 SIZE 104857600\r\n");
  } else if (is(line, "HELO")) {
    c->progress = IDLE;
    say(c, "250 sink.test\r\n");
  } else if (is(line, "QUIT")) {
    c->is_quitting = 1;
    say(c, "221 2.0.0 Bye\r\n");
  } else {
    out_of_order++;
    say(c, "500 5.5.2 Command not known\r\n");
  }
}

/* Looks for CRLF.CRLF, wherever the reads cut it; returns where it ends, or `end`. */
static char *pass_mail_data(connection *c, char *p, char *end) {
  static const char indicator[] = "\r\n.\r\n";
  while (p < end) {
    if (c->matched == 0) {
      p = memchr(p, '\r', end - p);
      if (p == NULL) return end;
    }
    if (*p == indicator[c->matched]) c->matched++;
    else c->matched = *p == '\r';
    p++;
    if (c->matched == 5) {
      c->reading = COMMANDS;
      end_mail(c);
      return p;
    }
  }
  return end;
}

static char *pass_chunk(connection *c, char *p, char *end) {
  long length = end - p < c->chunk_left ? end - p : c->chunk_left;
  c->chunk_left -= length;
  if (c->chunk_left == 0) end_chunk(c);
  return p + length;
}

static char *pass_command(connection *c, char *p, char *end) {
  char *lf = memchr(p, '\n', end - p);
  size_t length = (lf == NULL ? end : lf) - p;
  if (c->line_length + length >= sizeof c->line) length = 0; /* too long: what remains is no command */
  memcpy(c->line + c->line_length, p, length);
  c->line_length += length;
  if (lf == NULL) return end;
  c->line[c->line_length] = 0;
  c->line_length = 0;
  obey(c, c->line);
  return lf + 1;
}

static void take(connection *c, char *p, size_t length) {
  char *end = p + length;
  octets += length;
  while (p < end && !c->is_quitting) {
    if (c->reading == COMMANDS) p = pass_command(c, p, end);
    else if (c->reading == CHUNK) p = pass_chunk(c, p, end);
    else p = pass_mail_data(c, p, end);
  }
}

/* 1: done, 0: not now, -1: the connection is over. */
static int verdict(connection *c, int result) {
  if (result > 0) return 1;
  if (c->ssl == NULL) return result < 0 && errno == EAGAIN ? 0 : -1;
  int error = SSL_get_error(c->ssl, result);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void wait_for(connection *c, int writing) {
  if (c->wants_write == writing) return;
  c->wants_write = writing;
  struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static int flush(connection *c) {
  while (c->out_sent < c->out_length) {
    const char *from = c->out + c->out_sent;
    size_t length = c->out_length - c->out_sent;
    int result = c->ssl ? SSL_write(c->ssl, from, length) : (int)write(c->fd, from, length);
    int state = verdict(c, result);
    if (state < 0) return -1;
    if (state == 0) {
      wait_for(c, 1);
      return 0;
    }
    c->out_sent += result;
  }
  c->out_length = c->out_sent = 0;
  wait_for(c, 0);
  return c->is_quitting ? -1 : 0;
}

static int serve(connection *c) {
  static char buffer[262144];
  if (c->ssl && !SSL_is_init_finished(c->ssl)) {
    int state = verdict(c, SSL_accept(c->ssl));
    if (state <= 0) return state;
  }
  /* TLS may hold octets that epoll does not know of; a plain socket is asked again by epoll. */
  for (int reads = 0; reads < 64 || (c->ssl && SSL_has_pending(c->ssl)); reads++) {
    int result = c->ssl ? SSL_read(c->ssl, buffer, sizeof buffer) : (int)read(c->fd, buffer, sizeof buffer);
    int state = verdict(c, result);
    if (state < 0) return -1;
    if (state == 0) break;
    take(c, buffer, result);
    if (!c->ssl) break;
  }
  return flush(c);
}

static void hang_up(connection *c) {
  if (c->ssl) SSL_free(c->ssl);
  close(c->fd);
  free(c->out);
  free(c);
}

static void watch(int fd, void *what) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void welcome(int listener, int with_tls) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    connections++;
    if (with_tls) {
      c->ssl = SSL_new(tls);
      SSL_set_fd(c->ssl, fd);
      SSL_set_accept_state(c->ssl);
    }
    watch(fd, c);
    say(c, "220 sink.test ESMTP\r\n");
    if (!with_tls) flush(c);
  }
}

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static int listen_on(const char *address, int *port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in name = {.sin_family = AF_INET};
  socklen_t length = sizeof name;
  if (inet_pton(AF_INET, address, &name.sin_addr) != 1) give_up(address);
  if (bind(fd, (struct sockaddr *)&name, length) || listen(fd, 512)) give_up("listen");
  getsockname(fd, (struct sockaddr *)&name, &length);
  *port = ntohs(name.sin_port);
  return fd;
}

static SSL_CTX *tls_with(const char *certificate, const char *key) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) give_up(certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) give_up(key);
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 65536);
  return context;
}

int main(int count, char **words) {
  if (count != 4 && count != 5) {
    fprintf(stderr, "usage: sink ADDRESS CERTIFICATE KEY [EVERY]\n");
    return 1;
  }
  if (count == 5) every = strtol(words[4], NULL, 10);
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  /* Signals are heard while it waits, and only then: none comes between looking and waiting. */
  sigset_t heard, others;
  sigemptyset(&heard);
  sigaddset(&heard, SIGUSR1);
  sigaddset(&heard, SIGTERM);
  sigprocmask(SIG_BLOCK, &heard, &others);
  tls = tls_with(words[2], words[3]);
  epoll_fd = epoll_create1(0);
  int plain_port, tls_port;
  int plain_listener = listen_on(words[1], &plain_port), tls_listener = listen_on(words[1], &tls_port);
  watch(plain_listener, &plain_listener);
  watch(tls_listener, &tls_listener);
  printf("%d %d\n", plain_port, tls_port);
  fflush(stdout);
  struct epoll_event events[64];
  while (!is_over) {
    if (is_asked) {
      is_asked = 0;
      report();
    }
    int ready = epoll_pwait(epoll_fd, events, 64, -1, &others);
    for (int i = 0; i < ready; i++) {
      void *what = events[i].data.ptr;
      if (what == &plain_listener) welcome(plain_listener, 0);
      else if (what == &tls_listener) welcome(tls_listener, 1);
      else if (serve(what) < 0) hang_up(what);
    }
  }
  report();
  return 0;
}
