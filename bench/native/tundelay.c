/*
 * A slow link between two network namespaces: each gets a device `tun0`, and every packet that goes in at one comes out
 * at the other after a while, in order.
 *
 *     tundelay NAMESPACE NAMESPACE ONE_WAY_MS
 *
 * Needs root. Says "ready" once the devices are there; they vanish with it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

typedef struct packet {
  struct packet *next;
  long long due;
  int length;
  char octets[];
} packet;

typedef struct {
  int from, to;
  packet *first, *last;
} direction;

static long long now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static int open_device(const char *namespace) {
  char path[256];
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int place = open(path, O_RDONLY);
  if (place < 0 || setns(place, CLONE_NEWNET)) give_up(path);
  close(place);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "tun0");
  if (device < 0 || ioctl(device, TUNSETIFF, &request)) give_up("/dev/net/tun");
  return device;
}

/* Hands over what is due. Returns when the next packet will be, -1 where none waits. */
static long long deliver(direction *d, long long now) {
  while (d->first && d->first->due <= now) {
    packet *p = d->first;
    /* What the far end does not take is lost, as on any link. */
    if (write(d->to, p->octets, p->length) < 0) {}
    d->first = p->next;
    free(p);
  }
  return d->first ? d->first->due : -1;
}

static void collect(direction *d, long long delay) {
  static char buffer[65600];
  int length;
  while ((length = read(d->from, buffer, sizeof buffer)) > 0) {
    packet *p = malloc(sizeof *p + length);
    p->next = NULL;
    p->due = now_us() + delay;
    p->length = length;
    memcpy(p->octets, buffer, length);
    if (d->first) d->last->next = p;
    else d->first = p;
    d->last = p;
  }
}

int main(int count, char **words) {
  if (count != 4) {
    fprintf(stderr, "usage: tundelay NAMESPACE NAMESPACE ONE_WAY_MS\n");
    return 1;
  }
  int left = open_device(words[1]), right = open_device(words[2]);
  long long delay = (long long)(atof(words[3]) * 1000);
  direction ways[2] = {{.from = left, .to = right}, {.from = right, .to = left}};
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    long long now = now_us(), next = -1;
    for (int i = 0; i < 2; i++) {
      long long due = deliver(&ways[i], now);
      if (due >= 0 && (next < 0 || due < next)) next = due;
    }
    long long wait = next < 0 ? 0 : next - now_us();
    if (wait < 0) wait = 0;
    struct timespec limit = {wait / 1000000, wait % 1000000 * 1000};
    struct pollfd devices[2] = {{left, POLLIN, 0}, {right, POLLIN, 0}};
    ppoll(devices, 2, next < 0 ? NULL : &limit, NULL);
    for (int i = 0; i < 2; i++)
      if (devices[i].revents & POLLIN) collect(&ways[i], delay);
  }
}
