/*
 * Custody of one conversation (doc/custody.md): a sender's front end A, routerd R, two front ends of the
 * recipient, and the recipient's client, which resumes its session at the other front end when its own
 * dies.  Deaths strike at any moment, DEATHS of them, each when custody is healed from the one before.
 *
 * Checked: nothing that was acknowledged is lost, nothing is delivered twice, the order holds, nothing waits
 * for ever.  Each rule may be taken out by -D, and then one of these fails:
 *   NO_KEEP      A forgets what it has sent, before it is safe
 *   NO_REFERENCE R forgets what is held by a front end
 *   NO_ACCEPTED  a front end does not say what it has accepted, after a restart of R
 *   NO_QUEUED    after a restart, what the store has for a session that sleeps does not count
 *   NO_STORE     what waits for a session without a front end is called safe before it is stored
 */
#define N 3	 /* messages */
#ifndef DEATHS
#define DEATHS 2
#endif
#define NOBODY 2 /* no front end */

mtype = {SUBMIT, SAFE, DELIVER, HELD, DONE};

chan a2r = [N] of {mtype, byte};
chan r2a = [N] of {mtype, byte};
chan r2b0 = [N] of {mtype, byte, byte}; /* DELIVER(n, message) */
chan r2b1 = [N] of {mtype, byte, byte};
chan b2r = [N] of {mtype, byte, byte}; /* HELD or DONE(n), of that front end */

/* ---- what each of them knows ---- */
byte a_sent = 0, a_safe = 0;	/* A */
bool acknowledged[N + 1];	/* the sender was told */

byte r_judged = 0, r_told = 0;	/* R */
byte r_last = 0, r_done = 0;	/* outbound numbers: given, acknowledged by the client */
byte r_what[N + 2];		/* of an outbound number: the message */
bool r_held[N + 2];
byte r_owner = 0;		/* the front end that carries the session, or NOBODY */
bool r_taken[N + 1];		/* messages that somebody had for the session, at the last start of R */
bool r_up = true, r_restored = true;

byte s_last = 0, s_done = 0;	/* the store: rows of a session that sleeps */
byte s_what[N + 2];
bool s_asleep = false;

bool b_up[2] = true;
byte b_last[2];			/* the outbound number that it got last */
byte b_done[2];			/* and what its client has acknowledged of it */
byte b_what[8];			/* what it keeps: b * 4 + n */
bool b_accepted[8];		/* b * 4 + message */

byte c_at = 0;			/* the client: where it is, or NOBODY */
byte c_got = 0;			/* how many stanzas it has */
byte c_count[N + 1];
byte c_newest = 0;

byte deaths = 0;
byte unsafe_then = 0;		/* at the last death, what was judged: it must be safe before the next */

#define healed (r_up && r_told >= unsafe_then && r_restored && \
	((r_owner == 0 && b_up[0]) || (r_owner == 1 && b_up[1]) || s_asleep))

/* ---- the sender's front end ---- */
proctype A()
{
	byte n;
end:	do
	:: atomic { r_up && r_restored && a_sent < N && nfull(a2r) ->
		a_sent++; a2r!SUBMIT(a_sent) }
	:: atomic { r2a?SAFE(n) ->
		if
		:: n > a_safe -> do
			:: a_safe < n -> a_safe++; acknowledged[a_safe] = true
			:: else -> break
			od
		:: else
		fi }
	od
}

/* ---- a front end of the recipient ---- */
inline take(b, n, m)
{
	b_last[b] = n;
	b_what[b * 4 + n] = m;
	b_accepted[b * 4 + m] = true;
	b2r!HELD(n, b)
}

proctype B(byte me)
{
	byte n, m;
end:	do
	:: atomic { me == 0 && b_up[0] && nfull(b2r) && r2b0?[DELIVER, n, m] -> r2b0?DELIVER(n, m); take(me, n, m) }
	:: atomic { me == 1 && b_up[1] && nfull(b2r) && r2b1?[DELIVER, n, m] -> r2b1?DELIVER(n, m); take(me, n, m) }
	/* The client reads one more. */
	:: atomic { b_up[me] && c_at == me && c_got < b_last[me] ->
		c_got++;
		m = b_what[me * 4 + c_got];
		c_count[m]++;
		assert(c_count[m] == 1);	/* nothing twice */
		assert(m > c_newest);		/* in order */
		c_newest = m }
	/* Its <a/>. */
	:: atomic { b_up[me] && r_up && r_restored && c_at == me && b_done[me] < c_got && nfull(b2r) ->
		b_done[me] = c_got; b2r!DONE(c_got, me) }
	od
}

/* ---- routerd ---- */
inline send(n)
{
	if
	:: r_owner == 0 -> r2b0!DELIVER(n, r_what[n])
	:: r_owner == 1 -> r2b1!DELIVER(n, r_what[n])
	fi
}

inline judge(k)
{
	r_judged = k;
	if
	:: r_taken[k] -> skip /* it came again */
	:: else ->
		r_last++;
		r_what[r_last] = k;
		r_held[r_last] = false;
		if
		:: r_owner == NOBODY -> /* to the store */
#ifndef NO_STORE
			s_last = r_last; s_what[r_last] = k;
#endif
			r_held[r_last] = true
		:: else -> send(r_last)
		fi
	fi
}

/* All that is judged is safe when all that it caused is held. */
inline all_held(yes)
{
	yes = true;
	i = r_done + 1;
	do
	:: i <= r_last -> yes = yes && r_held[i]; i++
	:: else -> break
	od
}

/* The session has lost its front end: what waits goes to the store. */
inline sleep_now()
{
	r_owner = NOBODY;
	i = r_done + 1;
	s_done = r_done; s_last = r_last;
	do
	:: i <= r_last -> s_what[i] = r_what[i]; r_held[i] = true; i++
	:: else -> break
	od;
	s_asleep = true
}

proctype R()
{
	byte n, b, i;
	bool yes;
end:	do
	:: atomic { r_up && r_restored && a2r?[SUBMIT, n] && nfull(r2b0) && nfull(r2b1) ->
		a2r?SUBMIT(n);
		if
		:: n == r_judged + 1 -> judge(n)
		:: else
		fi }
	:: atomic { r_up && r_restored && b2r?[HELD, n, b] -> b2r?HELD(n, b);
		if
		:: b == r_owner -> i = 1; do
			:: i <= n && i <= r_last -> r_held[i] = true; i++
			:: else -> break
			od;
#ifdef NO_REFERENCE
			if
			:: n > r_done -> r_done = n
			:: else
			fi
#endif
		:: else
		fi }
	:: atomic { r_up && r_restored && b2r?[DONE, n, b] -> b2r?DONE(n, b);
		if
		:: b == r_owner && n > r_done && n <= r_last -> r_done = n
		:: else
		fi }
	:: atomic { r_up && r_restored && r_told < r_judged && nfull(r2a) -> all_held(yes);
		if
		:: yes -> r_told = r_judged; r2a!SAFE(r_told)
		:: else
		fi }
	/* Its front end is seen to be dead, behind what it had said. */
	:: atomic { r_up && r_restored && r_owner != NOBODY && !b_up[r_owner] && empty(b2r) -> sleep_now() }
	/* The client comes for its session: at the other front end, with its h. */
	:: atomic { r_up && r_restored && s_asleep && c_at == NOBODY ->
		b = 0;
		if
		:: b_up[0] -> b = 0
		:: b_up[1] -> b = 1
		fi;
		if
		:: c_got > r_done -> r_done = c_got
		:: else
		fi;
		r_owner = b; c_at = b; s_asleep = false;
		b_last[b] = r_done; b_done[b] = r_done;
		i = r_done + 1;
		do
		:: i <= r_last -> send(i); i++
		:: else -> break
		od }
	od
}

/* ---- deaths, and what follows from them at once ---- */
proctype Death()
{
	byte x, y, z, i;
	mtype t;
end:	do
	/* A front end: with what it held, and its client's connection. */
	:: atomic { deaths < DEATHS && healed && r_owner != NOBODY && b_up[r_owner] ->
		deaths++;
		unsafe_then = r_judged;
		x = r_owner;
		b_up[x] = false;
		c_at = NOBODY;
		i = 0;
		do
		:: i < 4 -> b_accepted[x * 4 + i] = false; i++
		:: else -> break
		od;
		do
		:: x == 0 && nempty(r2b0) -> r2b0?t(y, z)
		:: x == 1 && nempty(r2b1) -> r2b1?t(y, z)
		:: (x != 0 || empty(r2b0)) && (x != 1 || empty(r2b1)) -> break
		od }
	/* It is started again, with nothing: what was on its way was on its way to the dead one. */
	:: atomic { !b_up[0] && r_owner != 0 ->
		b_up[0] = true; b_last[0] = 0; b_done[0] = 0;
		do
		:: nempty(r2b0) -> r2b0?t(y, z)
		:: empty(r2b0) -> break
		od }
	:: atomic { !b_up[1] && r_owner != 1 ->
		b_up[1] = true; b_last[1] = 0; b_done[1] = 0;
		do
		:: nempty(r2b1) -> r2b1?t(y, z)
		:: empty(r2b1) -> break
		od }
	/* routerd: its memory, and what was on its way to it. */
	:: atomic { deaths < DEATHS && healed ->
		deaths++;
		unsafe_then = 0;
		r_up = false; r_restored = false;
		i = 1;
		do
		:: i <= N -> r_taken[i] = false; i++
		:: else -> break
		od;
		do
		:: nempty(a2r) -> a2r?t(y)
		:: empty(a2r) -> break
		od;
		do
		:: nempty(b2r) -> b2r?t(y, z)
		:: empty(b2r) -> break
		od }
	/* The next one: what was on its way from the old is taken first, then all register. */
	:: atomic { !r_up && empty(r2a) && empty(r2b0) && empty(r2b1) ->
		r_up = true;
		do
		:: nempty(b2r) -> b2r?t(y, z)	/* said to the dead one */
		:: empty(b2r) -> break
		od;
		if
		:: s_asleep -> /* the store knows the session */
			r_owner = NOBODY; r_done = s_done; r_last = s_last;
			i = r_done + 1;
			do
			:: i <= r_last -> r_what[i] = s_what[i]; r_held[i] = true;
#ifndef NO_QUEUED
				r_taken[s_what[i]] = true;
#endif
				i++
			:: else -> break
			od
		:: else -> /* its front end does */
			r_done = b_done[r_owner]; r_last = b_last[r_owner];
			i = r_done + 1;
			do
			:: i <= r_last -> r_what[i] = b_what[r_owner * 4 + i]; r_held[i] = true; i++
			:: else -> break
			od;
#ifndef NO_ACCEPTED
			i = 1;
			do
			:: i <= N -> r_taken[i] = b_accepted[r_owner * 4 + i]; i++
			:: else -> break
			od
#endif
		fi;
		/* A says what it knows to be safe, and sends the rest again. */
#ifdef NO_KEEP
		r_judged = a_sent; r_told = a_sent;
#else
		r_judged = a_safe; r_told = a_safe; a_sent = a_safe;
#endif
		r_restored = true }
	od
}

/* When nothing moves any more: all that was acknowledged has come. */
proctype End()
{
	byte i = 1;
	timeout;
	assert(c_at != NOBODY);
	do
	:: i <= N ->
		assert(!acknowledged[i] || c_count[i] == 1);
		i++
	:: else -> break
	od;
	assert(a_safe == N) /* nothing waits for ever */
}

init {
	atomic { run A(); run B(0); run B(1); run R(); run Death(); run End() }
}
