/*
 * One stanza for two sessions at two front ends (doc/custody.md, 5 and 12), while routerd dies.
 *
 * Checked: of what was acknowledged each session gets each stanza, once and in order, and nothing waits for ever.
 * Each rule may be taken out by -D:
 *   FIRST_HELD  a stanza is safe when one of the two holds it
 *   NO_ACCEPTED what a front end has accepted does not count after a restart
 *   NO_UNION    what came again goes to nobody when one of them has it
 */
#define N 3 /* stanzas */
#define DEATHS 2

mtype = {SUBMIT, SAFE, DELIVER, HELD, SETTLED};

chan a2r = [N] of {mtype, byte};
chan r2a = [N] of {mtype, byte};
chan r2b[2] = [N] of {mtype, byte};
chan b2r[2] = [N] of {mtype, byte};

byte a_sent = 0, a_safe = 0;
bool r_up = true;
byte r_judged = 0, r_told = 0, r_settled = 0;
bool r_held[2 * (N + 1)];  /* b * (N + 1) + stanza */
bool r_taken[2 * (N + 1)]; /* said at the last start */
bool b_has[2 * (N + 1)];   /* accepted, and not settled */
byte b_newest[2];
byte b_count[2 * (N + 1)];
byte deaths = 0;

#define AT(b, k) ((b) * (N + 1) + (k))

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

proctype B(byte me)
{
	byte k, i;
end:	do
	:: atomic { r2b[me]?[DELIVER, k] && nfull(b2r[me]) -> r2b[me]?DELIVER(k);
		b_count[AT(me, k)]++;
		assert(b_count[AT(me, k)] == 1); /* nothing twice */
		assert(k == b_newest[me] + 1);	 /* in order, without a gap */
		b_newest[me] = k;
		b_has[AT(me, k)] = true;
		if
		:: r_up -> b2r[me]!HELD(k)
		:: else -> skip /* to a dead one */
		fi }
	:: atomic { r2b[me]?[SETTLED, k] -> r2b[me]?SETTLED(k);
		for (i : 1 .. k) { b_has[AT(me, i)] = false } }
	od
}

inline deliver(b, k)
{
	if
	:: r_taken[AT(b, k)] -> r_held[AT(b, k)] = true
#ifdef NO_UNION
	:: !r_taken[AT(b, k)] && r_taken[AT(1 - b, k)] -> r_held[AT(b, k)] = true
	:: !r_taken[AT(b, k)] && !r_taken[AT(1 - b, k)] -> r_held[AT(b, k)] = false; r2b[b]!DELIVER(k)
#else
	:: !r_taken[AT(b, k)] -> r_held[AT(b, k)] = false; r2b[b]!DELIVER(k)
#endif
	fi
}

#ifdef FIRST_HELD
#define SAFE_ENOUGH(k) (r_held[AT(0, k)] || r_held[AT(1, k)])
#else
#define SAFE_ENOUGH(k) (r_held[AT(0, k)] && r_held[AT(1, k)])
#endif

proctype R()
{
	byte k;
end:	do
	:: atomic { r_up && a2r?[SUBMIT, k] && nfull(r2b[0]) && nfull(r2b[1]) -> a2r?SUBMIT(k);
		if
		:: k == r_judged + 1 -> r_judged = k; deliver(0, k); deliver(1, k)
		:: else
		fi }
	:: atomic { r_up && b2r[0]?[HELD, k] -> b2r[0]?HELD(k); r_held[AT(0, k)] = true }
	:: atomic { r_up && b2r[1]?[HELD, k] -> b2r[1]?HELD(k); r_held[AT(1, k)] = true }
	:: atomic { r_up && r_told < r_judged && SAFE_ENOUGH(r_told + 1) && nfull(r2a) ->
		r_told++; r2a!SAFE(r_told) }
	/* Its front end knows: it never comes again. */
	:: atomic { r_up && r_settled < a_safe && nfull(r2b[0]) && nfull(r2b[1]) ->
		r_settled = a_safe; r2b[0]!SETTLED(r_settled); r2b[1]!SETTLED(r_settled) }
	od
}

proctype Death()
{
	byte k, i;
	mtype t;
end:	do
	:: atomic { r_up && deaths < DEATHS ->
		deaths++;
		r_up = false;
		do
		:: nempty(a2r) -> a2r?t(k)
		:: nempty(b2r[0]) -> b2r[0]?t(k)
		:: nempty(b2r[1]) -> b2r[1]?t(k)
		:: empty(a2r) && empty(b2r[0]) && empty(b2r[1]) -> break
		od;
		/* What it had written arrives; what it had not is lost.  The last one may be either. */
		if
		:: nempty(r2b[0]) && len(r2b[0]) == 1 -> r2b[0]?t(k)
		:: nempty(r2b[1]) && len(r2b[1]) == 1 -> r2b[1]?t(k)
		:: nempty(r2a) && len(r2a) == 1 -> r2a?t(k)
		:: true -> skip
		fi }
	:: atomic { !r_up && empty(r2a) && empty(r2b[0]) && empty(r2b[1]) ->
		for (i : 1 .. N) {
#ifdef NO_ACCEPTED
			r_taken[AT(0, i)] = false; r_taken[AT(1, i)] = false;
#else
			r_taken[AT(0, i)] = b_has[AT(0, i)]; r_taken[AT(1, i)] = b_has[AT(1, i)];
#endif
			r_held[AT(0, i)] = i <= a_safe; r_held[AT(1, i)] = i <= a_safe
		}
		r_judged = a_safe; r_told = a_safe; r_settled = a_safe; a_sent = a_safe;
		r_up = true }
	od
}

proctype End()
{
	timeout;
	assert(a_safe == N && b_newest[0] == N && b_newest[1] == N)
}

init {
	atomic { run A(); run B(0); run B(1); run R(); run Death(); run End() }
}
