/*
 * Back-pressure (doc/custody.md, 8 and 9): two front ends whose clients send to each other through routerd, on links
 * that take only so much; and one of them may stop for good, without dying.
 *
 * Checked: what a client that goes on sends is safe in the end, and nobody waits for a link that another would have
 * to read first.  Each rule may be taken out by -D:
 *   NO_CREDIT   a front end reads its client as long as the link takes more, instead of by its credit
 *   NO_URGENT   acknowledgements wait behind stanzas in the same queue
 *   NO_OVERDUE  what a stopped front end does not confirm is not stored
 */
#define N 5	 /* stanzas of each client */
#define CREDIT 2 /* not safe, of a session */
#define LINK 2	 /* what a link takes: at least the credit of all whose stanzas may come through it */

mtype = {SUBMIT, DELIVER, SAFE, HELD};

/* By front end.  Stanzas; and what is written first, and never waits for credit. */
chan up[2] = [LINK] of {mtype};
chan down[2] = [LINK] of {mtype};
#ifndef NO_URGENT
chan up_urgent[2] = [LINK] of {mtype};
chan down_urgent[2] = [LINK] of {mtype};
#define UP_URGENT(b) up_urgent[b]
#define DOWN_URGENT(b) down_urgent[b]
#else
#define UP_URGENT(b) up[b]
#define DOWN_URGENT(b) down[b]
#endif

byte sent[2], safe[2];
bool stopped = false; /* the second one */

#ifdef NO_CREDIT
#define MAY_SEND(b) true
#else
#define MAY_SEND(b) (sent[b] - safe[b] < CREDIT)
#endif

/* One thing at a time, and each is finished before the next: what it writes, the link must take. */
proctype Front(byte me)
{
end:	do
	:: (me == 0 || !stopped) && sent[me] < N && MAY_SEND(me) -> sent[me]++; up[me]!SUBMIT
	:: atomic { (me == 0 || !stopped) && down[me]?[DELIVER] -> down[me]?DELIVER }; UP_URGENT(me)!HELD
	:: (me == 0 || !stopped) && DOWN_URGENT(me)?[SAFE] -> atomic { DOWN_URGENT(me)?SAFE; safe[me]++ }
	od
}

proctype Router()
{
end:	do
	:: up[0]?[SUBMIT] -> up[0]?SUBMIT; down[1]!DELIVER
	:: up[1]?[SUBMIT] -> up[1]?SUBMIT; down[0]!DELIVER
	/* Held by one: safe for the other. */
	:: UP_URGENT(0)?[HELD] -> UP_URGENT(0)?HELD; DOWN_URGENT(1)!SAFE
	:: UP_URGENT(1)?[HELD] -> UP_URGENT(1)?HELD; DOWN_URGENT(0)!SAFE
#ifndef NO_OVERDUE
	/* It has not confirmed for 2 s: the store has it.  It is stopped for good, and its queue is dropped here. */
	:: atomic { stopped && down[1]?[DELIVER] -> down[1]?DELIVER }; DOWN_URGENT(0)!SAFE
#endif
	od
}

proctype Stop()
{
	if
	:: stopped = true
	:: true
	fi
}

proctype End()
{
	timeout;
	assert(safe[0] == N && (stopped || safe[1] == N))
}

init {
	atomic { run Front(0); run Front(1); run Router(); run Stop(); run End() }
}
