#!/bin/bash
# Model-checks custody: the rules hold, and each of them is needed.
#
#   bash tests/model/check.sh [FOLDER]     # FOLDER: where the verifiers are built
set -u
models=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
passed=0
failed=0
mkdir -p "$work" && cd "$work" || exit 1

# errors MODEL RULE: how many errors spin finds without that rule; nothing where it could not run.
errors()
{
	rm -f pan*
	cp "$models/$1.pml" .
	spin ${2:+-D$2} -a "$1.pml" > spin.log 2>&1 &&
		gcc -O2 -w -DSAFETY -DCOLLAPSE -o pan pan.c >> spin.log 2>&1 &&
		./pan -m400000 > pan.log 2>&1 &&
		sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}

# expect WHAT MODEL RULE WANTED
expect()
{
	local found
	found=$(errors "$2" "$3")
	if [ "${found:-none}" = "$4" ]; then
		passed=$((passed + 1))
		echo "ok   $2: $1"
	else
		failed=$((failed + 1))
		echo "FAIL $2: $1: ${found:-no} errors instead of $4"
		tail -n 20 spin.log pan.log 2> /dev/null
	fi
}

# model NAME RULE...
model()
{
	local name=$1 rule
	shift
	expect "nothing is lost, twice, out of order, or stuck" "$name" "" 0
	grep 'states, stored' pan.log
	for rule in "$@"; do
		expect "$rule is noticed" "$name" "$rule" 1
	done
}

model resume NO_KEEP NO_REFERENCE NO_ACCEPTED NO_QUEUED NO_STORE
model fanout FIRST_HELD NO_ACCEPTED NO_UNION
model offline NO_COMMIT NO_NUMBER NO_GATE NO_UNIQUE NO_BEHIND
model pressure NO_CREDIT NO_URGENT NO_OVERDUE
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
