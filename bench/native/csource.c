/*
 * What C with OpenSSL needs to send the same mail again and again over one connection: the limit for any client.
 *
 *     csource ADDRESS PORT tls|plain lockstep|pipelining|chunking DEPTH MAILS FILE
 *
 * FILE is a mail with CRLF line ends, the last one too, and no line that begins with a dot. `lockstep` waits for each
 * reply; `pipelining` sends content, end of data and the next envelope in one write; `chunking` keeps DEPTH
 * transactions in flight. Prints a line of JSON: mails, seconds, CPU milliseconds, peak resident memory in MB.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ENVELOPE "MAIL FROM:<news@example.com>\r\nRCPT TO:<person@example.net>\r\n"
#define PIPELINED_ENVELOPE ENVELOPE "DATA\r\n"

static int fd;
static SSL *ssl;
static char buffer[65536];
static int filled, taken;

static void give_up(const char *what) {
  fprintf(stderr, "csource: %s\n", what);
  exit(1);
}

static void send_all(const char *from, size_t length) {
  while (length > 0) {
    ssize_t sent = ssl ? SSL_write(ssl, from, (int)length) : write(fd, from, length);
    if (sent <= 0) give_up("the connection is lost");
    from += sent;
    length -= sent;
  }
}

static char next_octet(void) {
  if (taken == filled) {
    filled = ssl ? SSL_read(ssl, buffer, sizeof buffer) : (int)read(fd, buffer, sizeof buffer);
    taken = 0;
    if (filled <= 0) give_up("the connection is lost");
  }
  return buffer[taken++];
}

static void hear(int replies) {
  while (replies > 0) {
    char line[1024];
    int length = 0;
    char octet;
    do {
      octet = next_octet();
      if (length < (int)sizeof line - 1) line[length++] = octet;
    } while (octet != '\n');
    line[length] = 0;
    if (line[0] > '3') give_up(line);
    if (line[3] != '-') replies--;
  }
}

static void ask(const char *command) {
  send_all(command, strlen(command));
  hear(1);
}

static void run_lockstep(const char *content, size_t length, long mails) {
  for (long i = 0; i < mails; i++) {
    ask("MAIL FROM:<news@example.com>\r\n");
    ask("RCPT TO:<person@example.net>\r\n");
    ask("DATA\r\n");
    send_all(content, length);
    ask(".\r\n");
  }
}

static void run_pipelining(const char *content, size_t length, long mails) {
  const size_t envelope = strlen(PIPELINED_ENVELOPE);
  char *mail = malloc(length + 3 + envelope);
  memcpy(mail, content, length);
  memcpy(mail + length, ".\r\n" PIPELINED_ENVELOPE, 3 + envelope);
  send_all(PIPELINED_ENVELOPE, envelope);
  for (long i = 0; i < mails; i++) {
    hear(3);
    send_all(mail, length + 3 + (i < mails - 1 ? envelope : 0));
    hear(1);
  }
}

static void run_chunking(const char *content, size_t length, long mails, long depth) {
  char *mail = malloc(length + 256);
  int envelope = sprintf(mail, ENVELOPE "BDAT %zu LAST\r\n", length);
  memcpy(mail + envelope, content, length);
  long sent = 0;
  for (long settled = 0; settled < mails; settled++) {
    /* Filled up once half of it is free: fewer, larger reads. */
    if (sent - settled <= depth / 2)
      for (; sent < mails && sent - settled < depth; sent++) send_all(mail, envelope + length);
    hear(3);
  }
}

static void connect_to(const char *address, int port, int with_tls) {
  int one = 1;
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, address, &name.sin_addr);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&name, sizeof name)) give_up("cannot connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (!with_tls) return;
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_read_ahead(context, 1);
  ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) != 1) give_up("TLS fails");
}

/* Linux hands a parent's peak down to its child in ru_maxrss; VmHWM is the process's own. */
static double peak_memory_mb(void) {
  char line[256];
  double kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "VmHWM: %lf", &kilobytes) == 1) break;
  if (status) fclose(status);
  return kilobytes / 1024;
}

static double cpu_ms(const struct rusage *usage) {
  return usage->ru_utime.tv_sec * 1e3 + usage->ru_utime.tv_usec / 1e3 + usage->ru_stime.tv_sec * 1e3 +
         usage->ru_stime.tv_usec / 1e3;
}

int main(int count, char **words) {
  if (count != 8) give_up("usage: csource ADDRESS PORT tls|plain lockstep|pipelining|chunking DEPTH MAILS FILE");
  const char *mode = words[4];
  long depth = atol(words[5]), mails = atol(words[6]);
  FILE *file = fopen(words[7], "rb");
  if (file == NULL) give_up("cannot read the mail");
  fseek(file, 0, SEEK_END);
  size_t length = ftell(file);
  rewind(file);
  char *content = malloc(length);
  if (fread(content, 1, length, file) != length) give_up("cannot read the mail");
  connect_to(words[1], atoi(words[2]), strcmp(words[3], "tls") == 0);
  hear(1);
  ask("EHLO client.test\r\n");
  struct timespec began, ended;
  struct rusage before, after;
  clock_gettime(CLOCK_MONOTONIC, &began);
  getrusage(RUSAGE_SELF, &before);
  if (strcmp(mode, "lockstep") == 0) run_lockstep(content, length, mails);
  else if (strcmp(mode, "pipelining") == 0) run_pipelining(content, length, mails);
  else run_chunking(content, length, mails, depth);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  getrusage(RUSAGE_SELF, &after);
  printf("{\"mails\":%ld,\"seconds\":%.6f,\"cpuMs\":%.3f,\"rssMb\":%.1f}\n", mails,
         (ended.tv_sec - began.tv_sec) + (ended.tv_nsec - began.tv_nsec) / 1e9, cpu_ms(&after) - cpu_ms(&before),
         peak_memory_mb());
  ask("QUIT\r\n");
  return 0;
}
