# bash completion for emotp-provision(8).
#
# A user's name may be made of any printable characters. It is data here:
# nothing is ever expanded or evaluated, and what is offered is quoted, so
# that the shell that gets the line does neither.

# shellcheck shell=bash

# The users of the store, one on a line; nobody where the caller may not
# read it, or where it takes too long to wait for. Runs what PATH has, not
# what was typed: that may be a program which nobody meant to start yet.
_emotp_provision_users() {
	local json

	json=$(timeout 2 emotp-provision "$@" --json list \
		2>/dev/null </dev/null) || return 0
	# Inside of a string JSON has a backslash before each quote, so that
	# no address can pass for a name. Names have no quotes, but may have
	# backslashes, which are doubled.
	command grep -oE '"user":"([^"\\]|\\\\)*"' <<<"$json" |
		command sed -e 's/^"user":"//' -e 's/"$//' -e 's/\\\\/\\/g'
}

# Offers the users whose names begin with what is typed.
_emotp_provision_user() {
	local name quoted before=''

	# To readline a word begins anew after one of these.
	if [[ $COMP_WORDBREAKS == *=* ]]; then
		before=${cur%"${cur##*=}"}
	fi
	while IFS= read -r name; do
		printf -v quoted %q "$name"
		if [[ $quoted == "$cur"* ]]; then
			COMPREPLY+=("${quoted#"$before"}")
		fi
	done < <(_emotp_provision_users "${config[@]}")
}

# Offers those of the words, all of them ours, that begin with what is typed.
_emotp_provision_words() {
	local word

	for word; do
		if [[ $word == "$cur"* ]]; then
			COMPREPLY+=("$word")
		fi
	done
}

# Reads the line up to the cursor: config, command, and what stands in which
# place after it.
_emotp_provision_read() {
	local i

	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--config)
			((++i < cword)) && config=(--config "${words[i]}")
			;;
		--config=*) config=("${words[i]}") ;;
		--server) server=${words[++i]} ;;
		--server=*) server=${words[i]} ;;
		--ca) ((++i)) ;;
		--email | --label | --language | --users) ((++i)) ;;
		-?*) ;;
		*)
			if [[ -z $command ]]; then
				command=${words[i]}
			else
				given+=("${words[i]}")
			fi
			;;
		esac
	done
}

_emotp_provision_argument() {
	case $command:${#given[@]} in
	enroll:0 | enrol:0) [[ -n $server ]] || _emotp_provision_user ;;
	add:0) _emotp_provision_words - ;;
	host:0) _emotp_provision_words add list remove ;;
	import:0) _emotp_provision_words google-authenticator users.oath ;;
	import:1) _filedir ;;
	import:2)
		if [[ ${given[0]} == google-authenticator ]]; then
			_emotp_provision_user
		fi
		;;
	init:* | add:* | list:* | flush:* | host:* | copy:*) ;;
	*:0) _emotp_provision_user ;;
	esac
}

_emotp_provision() {
	# shellcheck disable=SC2034 # split: _init_completion sets it
	local cur prev words cword split command='' server='' config=() given=()
	local -A options=(
		[init]=''
		[add]='--dry-run --language'
		[set]='--email --language'
		[remove]=''
		[enroll]=''
		[enrol]=''
		[invite]='--all'
		[register]='--label'
		[list]=''
		[show]=''
		[why]=''
		[revoke]=''
		[reset]=''
		[unlock]=''
		[recovery-codes]=''
		[verify]=''
		[import]='--dry-run'
		[export]=''
		[copy]=''
		[flush]=''
		[host]='--users'
	)
	local globals='--ca --config --server --json --help --version'
	local languages='en zh-Hant pt'
	local wanted=$globals

	_init_completion -s || return
	_emotp_provision_read
	if [[ -n $command ]]; then
		wanted="${options[$command]-} --help"
	fi
	# The words of these lists are ours, and split on purpose.
	# shellcheck disable=SC2086
	case $prev in
	--config | --ca) _filedir ;;
	--language) _emotp_provision_words $languages ;;
	--email | --label | --server | --users) ;;
	*)
		if [[ $cur == -* ]]; then
			_emotp_provision_words $wanted
		elif [[ -z $command ]]; then
			_emotp_provision_words "${!options[@]}"
		elif [[ -n ${options[$command]+known} ]]; then
			_emotp_provision_argument
		fi
		;;
	esac
} && complete -F _emotp_provision emotp-provision
