/*
 * Stored messages (doc/custody.md, 11): from a sender to the store, from there to a session's queue, and to its
 * client, while routerd dies.  What is written to the store is committed later, in order.
 *
 * Checked: the client gets each message that was acknowledged, once and in order, and nothing waits for ever.
 * Each rule may be taken out by -D:
 *   NO_COMMIT   a message is called safe before its row is committed
 *   NO_NUMBER   after a restart all that is in the session's queue is sent, also what its front end got
 *   NO_GATE     a front end may forget what it accepted before the move is committed
 *   NO_UNIQUE   what comes again from its sender is stored again, though a session had it
 *   NO_BEHIND   a new message does not wait behind what is stored
 */
#define N 2
#define DEATHS 2

mtype = {SUBMIT, SAFE, DELIVER, HELD, DONE, SETTLED};
mtype = {NOWHERE, STORED, QUEUED, GONE}; /* where a message is, for the store */

chan a2r = [N] of {mtype, byte};
chan r2a = [N] of {mtype, byte};
chan r2b = [N + 1] of {mtype, byte, byte}; /* DELIVER(n, message); SETTLED(0, message) */
chan b2r = [2 * N] of {mtype, byte};	   /* HELD(message); DONE(n) */

byte a_sent = 0, a_safe = 0;
bool r_up = true, r_online = false; /* the session takes messages */
byte r_judged = 0, r_told = 0;
byte r_last = 0, r_done = 0;
bool r_safe[N + 1];
bool r_taken[N + 1];		    /* the session has had it, as far as is known since the start */
mtype m_row[N + 1] = NOWHERE;	    /* in memory: as it will be when all is committed */
mtype s_row[N + 1] = NOWHERE;	    /* committed */
byte m_n[N + 1], s_n[N + 1];	    /* of a row in the queue: the number */
byte b_last = 0, b_done = 0;
bool b_has[N + 1];		    /* accepted, and not settled */
byte c_count[N + 1], c_newest = 0;
byte deaths = 0;

proctype A()
{
	byte n;
end:	do
	:: atomic { r_up && a_sent < N && nfull(a2r) -> a_sent++; a2r!SUBMIT(a_sent) }
	:: atomic { r2a?SAFE(n) ->
		if
		:: n > a_safe -> a_safe = n
		:: else
		fi }
	od
}

proctype B()
{
	byte n, m;
end:	do
	:: atomic { r2b?[DELIVER, n, m] && nfull(b2r) -> r2b?DELIVER(n, m);
		assert(n == b_last + 1); /* no gap in its numbers */
		b_last = n;
		b_has[m] = true;
		c_count[m]++;
		assert(c_count[m] == 1);   /* nothing twice */
		assert(m == c_newest + 1); /* in order, nothing left out */
		c_newest = m;
		if
		:: r_up -> b2r!HELD(m)
		:: else -> skip /* to a dead one */
		fi }
	:: atomic { r2b?[SETTLED, n, m] -> r2b?SETTLED(n, m); b_has[m] = false }
	:: atomic { r_up && b_done < b_last && nfull(b2r) -> b_done = b_last; b2r!DONE(b_done) }
	od
}

/* To the session, by its next number. */
inline give(k)
{
	r_last++;
	r2b!DELIVER(r_last, k);
	r_taken[k] = true
}

inline waits(any)
{
	any = false;
	for (i : 1 .. N) { any = any || m_row[i] == STORED }
}

inline judge(k)
{
	r_judged = k;
	waits(any);
	if
#ifdef NO_UNIQUE
	:: false -> skip
#else
	:: r_taken[k] || m_row[k] != NOWHERE -> r_safe[k] = true
#endif
#ifdef NO_BEHIND
	:: r_online && !r_taken[k] -> give(k)
#else
	:: r_online && !any && !r_taken[k] && m_row[k] == NOWHERE -> give(k)
#endif
	:: else ->
		m_row[k] = STORED;
#ifdef NO_COMMIT
		r_safe[k] = true
#endif
	fi
}

proctype R()
{
	byte k, i;
	bool any;
end:	do
	:: atomic { r_up && nfull(r2b) && a2r?[SUBMIT, k] -> a2r?SUBMIT(k);
		if
		:: k == r_judged + 1 -> judge(k)
		:: else
		fi }
	/* It becomes available. */
	:: atomic { r_up && !r_online -> r_online = true }
	/* The first stored message goes to it: its row moves. */
	:: atomic { r_up && r_online && nfull(r2b) ->
		k = 1;
		do
		:: k <= N && s_row[k] == STORED && m_row[k] == STORED -> break
		:: k <= N && !(s_row[k] == STORED && m_row[k] == STORED) -> k++
		:: k > N -> break
		od;
		if
		:: k <= N && r_taken[k] -> m_row[k] = GONE
		:: k <= N && !r_taken[k] -> give(k);
			m_row[k] = QUEUED; m_n[k] = r_last
		:: else
		fi }
	/* The store has committed all up to now. */
	:: atomic { r_up ->
		for (i : 1 .. N) {
			s_row[i] = m_row[i]; s_n[i] = m_n[i];
			if
			:: m_row[i] != NOWHERE -> r_safe[i] = true
			:: else
			fi
		} }
	:: atomic { r_up && b2r?[HELD, k] -> b2r?HELD(k); r_safe[k] = true }
	:: atomic { r_up && b2r?[DONE, k] -> b2r?DONE(k);
		r_done = k;
		for (i : 1 .. N) {
			if
			:: m_row[i] == QUEUED && m_n[i] <= k -> m_row[i] = GONE
			:: else
			fi
		} }
	:: atomic { r_up && r_told < r_judged && r_safe[r_told + 1] && nfull(r2a) ->
		r_told++; r2a!SAFE(r_told) }
	/* Safe, and its sender's front end knows; of a row, the move committed. */
	:: atomic { r_up && nfull(r2b) ->
		k = 1;
		do
#ifdef NO_GATE
		:: k <= a_safe && r_taken[k] && b_has[k] -> r2b!SETTLED(0, k); break
		:: k <= a_safe && !(r_taken[k] && b_has[k]) -> k++
#else
		:: k <= a_safe && r_taken[k] && b_has[k] && s_row[k] != STORED -> r2b!SETTLED(0, k); break
		:: k <= a_safe && !(r_taken[k] && b_has[k] && s_row[k] != STORED) -> k++
#endif
		:: k > a_safe -> break
		od }
	od
}

proctype Death()
{
	byte k, n, i;
	mtype t;
end:	do
	:: atomic { r_up && deaths < DEATHS ->
		deaths++;
		r_up = false;
		do
		:: nempty(a2r) -> a2r?t(k)
		:: nempty(b2r) -> b2r?t(k)
		:: empty(a2r) && empty(b2r) -> break
		od;
		if
		:: len(r2b) == 1 -> r2b?t(n, k)
		:: len(r2a) == 1 -> r2a?t(k)
		:: true -> skip
		fi }
	:: atomic { !r_up && empty(r2a) && empty(r2b) ->
		r_done = b_done; r_last = b_last; r_up = true;
		for (i : 1 .. N) {
			r_taken[i] = b_has[i]; r_safe[i] = i <= a_safe;
			m_row[i] = s_row[i]; m_n[i] = s_n[i];
			if
			:: m_row[i] == QUEUED -> r_taken[i] = true;
				if
				:: m_n[i] <= b_done -> m_row[i] = GONE
#ifdef NO_NUMBER
				:: m_n[i] > b_done ->
#else
				:: m_n[i] > b_last ->
#endif
					/* it never got that one */
					r_last++; m_n[i] = r_last; s_n[i] = r_last; r2b!DELIVER(r_last, i)
				:: else
				fi
			:: else
			fi
		}
		r_judged = a_safe; r_told = a_safe; a_sent = a_safe }
	od
}

proctype End()
{
	timeout;
	assert(a_safe == N && c_newest == N)
}

init {
	atomic { run A(); run B(); run R(); run Death(); run End() }
}
