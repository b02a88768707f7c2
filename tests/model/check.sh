#!/bin/bash
# Model-checks custody: the rules hold, and each of them is needed.
#
#   bash tests/model/check.sh [FOLDER]     # FOLDER: where the verifier is built
set -u
model=$(cd "$(dirname "$0")" && pwd)/resume.pml
work=${1:-$(mktemp -d)}
passed=0
failed=0
mkdir -p "$work" && cd "$work" || exit 1

# errors RULE: how many errors spin finds without that rule; nothing where it could not run.
errors()
{
	rm -f pan*
	cp "$model" resume.pml
	spin ${1:+-D$1} -a resume.pml > spin.log 2>&1 &&
		gcc -O2 -w -DSAFETY -DCOLLAPSE -o pan pan.c >> spin.log 2>&1 &&
		./pan -m400000 > pan.log 2>&1 &&
		sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}

# expect WHAT RULE WANTED
expect()
{
	local found
	found=$(errors "$2")
	if [ "${found:-none}" = "$3" ]; then
		passed=$((passed + 1))
		echo "ok   $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1: ${found:-no} errors instead of $3"
		tail -n 20 spin.log pan.log 2> /dev/null
	fi
}

expect "nothing is lost, twice, out of order, or stuck" "" 0
grep 'states, stored' pan.log
for rule in NO_KEEP NO_REFERENCE NO_ACCEPTED NO_QUEUED NO_STORE; do
	expect "$rule is noticed" $rule 1
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
