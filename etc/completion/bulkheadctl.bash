# Completion of bulkheadctl for bash: the program itself says what can follow.
_bulkheadctl()
{
	local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} words current kept
	read -ra words <<< "$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	current=${words[-1]}
	mapfile -t COMPREPLY < <("${words[0]}" complete "${words[@]:1}" 2> /dev/null)
	# Addresses have characters at which readline begins another word.  What it puts in replaces that word, and an @
	# before it; not a colon.
	[[ $word == [:=] ]] && word=
	kept=${current%"$word"}
	COMPREPLY=("${COMPREPLY[@]#"${kept%@}"}")
}
complete -o default -F _bulkheadctl bulkheadctl
