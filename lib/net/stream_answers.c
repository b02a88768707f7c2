/* What the peer is answered and does not take: above a bound it is not read any more. */
#include "net/stream_private.h"

uint64_t stream_unsent(const struct stream *s)
{
	return stream_written(s) - s->sent;
}

/* Those before answers_until are sent: forgotten; those since then become what is waited for. */
static void forget_sent(struct stream *s)
{
	if (s->sent < s->answers_until)
		return;
	s->answers_before = s->answers_since;
	s->answers_since = 0;
	s->answers_until = stream_written(s);
}

/* TLS answers by itself as well, past our output buffer: to requests for new keys. */
static bool are_too_many(struct stream *s)
{
	forget_sent(s);
	return (s->answers_before + s->answers_since > STREAM_ANSWERS_MAX && stream_unsent(s) > STREAM_ANSWERS_MAX) ||
	       uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) > STREAM_ANSWERS_MAX;
}

void stream_give(struct stream *s, const uint8_t *p, size_t n)
{
	uint64_t before = stream_written(s);

	s->handlers->on_data(s->owner, p, n);
	if (s->closed)
		return;
	s->answers_since += stream_written(s) - before;
	if (!are_too_many(s))
		return;
	s->choked = true;
	uv_read_stop((uv_stream_t *)&s->tcp);
}

void stream_answers_taken(struct stream *s)
{
	if (!s->choked || s->closing != NULL || are_too_many(s))
		return;
	s->choked = false;
	s->resumed = true;
	stream_schedule(s);
}
