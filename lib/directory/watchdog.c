/* A list and a thread that looks at it. */
#include "directory/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

enum { LOOK_MS = 100 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list watches = {&watches, &watches};
static bool running;

static void look(void)
{
	uint64_t now = clock_ms();

	pthread_mutex_lock(&mutex);
	list_for_each(pos, &watches) {
		struct watch *w = container_of(pos, struct watch, link);

		if (w->cut || now < w->until_ms)
			continue;
		w->cut = true;
		(void)shutdown(w->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&mutex);
}

static void *run(void *unused)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

	(void)unused;
	for (;;) {
		(void)nanosleep(&pause, NULL);
		look();
	}
	return NULL;
}

/* With all signals blocked: they are the main thread's. */
static void start(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	running = pthread_create(&thread, &attr, run, NULL) == 0;
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void watchdog_begin(struct watch *w, int fd, unsigned ms)
{
	w->fd = fd;
	w->until_ms = clock_ms() + ms;
	w->cut = false;
	pthread_mutex_lock(&mutex);
	if (!running)
		start();
	list_append(&watches, &w->link);
	pthread_mutex_unlock(&mutex);
}

bool watchdog_end(struct watch *w)
{
	pthread_mutex_lock(&mutex);
	list_remove(&w->link);
	pthread_mutex_unlock(&mutex);
	return !w->cut;
}
