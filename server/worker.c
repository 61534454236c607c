#include "server/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"

struct job { worker_fn fn; void *arg; };

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *ring;
	size_t size, head, count;
	bool stopping;
	char name[16];
	pthread_t *threads;
	unsigned thread_count;
};

/* False when there is nothing left to do and nothing will come. */
static bool take(struct workers *w, struct job *out)
{
	bool some;

	pthread_mutex_lock(&w->lock);
	while (w->count == 0 && !w->stopping)
		pthread_cond_wait(&w->work, &w->lock);
	some = w->count > 0;
	if (some) {
		*out = w->ring[w->head];
		w->head = (w->head + 1) % w->size;
		w->count--;
	}
	pthread_mutex_unlock(&w->lock);
	return some;
}

static void *run(void *arg)
{
	struct workers *w = arg;
	struct job job;

	pthread_setname_np(pthread_self(), w->name);
	while (take(w, &job))
		job.fn(job.arg);
	return NULL;
}

int workers_submit(struct workers *w, worker_fn fn, void *arg)
{
	bool accepted;

	pthread_mutex_lock(&w->lock);
	accepted = w->count < w->size && !w->stopping;
	if (accepted) {
		w->ring[(w->head + w->count) % w->size] = (struct job){ fn, arg };
		w->count++;
		pthread_cond_signal(&w->work);
	}
	pthread_mutex_unlock(&w->lock);
	return accepted ? 0 : -1;
}

size_t workers_queued(struct workers *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->count;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void workers_stop(struct workers *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->thread_count; i++)
		pthread_join(w->threads[i], NULL);
	w->thread_count = 0;
}

void workers_destroy(struct workers *w)
{
	if (w == NULL)
		return;
	workers_stop(w);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	free(w->threads);
	free(w->ring);
	free(w);
}

int workers_create(const char *name, unsigned threads, unsigned queue, struct workers **out,
	struct err *e)
{
	struct workers *w = xcalloc(1, sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	snprintf(w->name, sizeof(w->name), "%s", name);
	w->size = queue;
	w->ring = xcalloc(queue, sizeof(*w->ring));
	w->threads = xcalloc(threads, sizeof(*w->threads));
	for (; w->thread_count < threads; w->thread_count++) {
		int rc = pthread_create(&w->threads[w->thread_count], NULL, run, w);

		if (rc != 0) {
			workers_destroy(w);
			errno = rc;
			return err_errno(e, ERR_IO, "%s: thread", name);
		}
	}
	*out = w;
	return 0;
}
