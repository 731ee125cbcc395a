#!/bin/sh
# gitseq wrapper v1
# Do not edit: `gitseq wrap` writes this file anew, `gitseq unwrap` takes it away. Every command beside it that is a
# link to it takes its turn through gitseq. What is decided here costs a millisecond; Python is started to wait only.
gitseq_name=${0##*/}

# The command itself: the first on PATH that is no wrapper, of this folder or of another one.
gitseq_real=
gitseq_path=$PATH: # the colon keeps an empty entry at the end from being lost
set -f
IFS=:
for gitseq_dir in $gitseq_path; do
    gitseq_real=${gitseq_dir:-.}/$gitseq_name
    [ -f "$gitseq_real" ] && [ -x "$gitseq_real" ] &&
        ! [ "$gitseq_real" -ef "$0" ] && ! [ "$gitseq_real" -ef "${gitseq_dir:-.}/.gitseq-wrapper" ] && break
    gitseq_real=
done
set +f
unset IFS
if [ -z "$gitseq_real" ]; then
    printf '%s: command not found\n' "$gitseq_name" >&2
    exit 127
fi
[ "${GITSEQ-}" = 0 ] && exec "$gitseq_real" "$@"

# Of git, only what commits, and only where it can be seen which repository is meant.
gitseq_start=.
if [ "$gitseq_name" = git ]; then
    gitseq_option='' gitseq_verb=''
    for gitseq_word in "$@"; do
        if [ -n "$gitseq_option" ]; then
            case $gitseq_option$gitseq_word in
                -C/*) gitseq_start=$gitseq_word ;;
                -C?*) gitseq_start=$gitseq_start/$gitseq_word ;;
            esac
            gitseq_option=
            continue
        fi
        case $gitseq_word in
            --git-dir | --git-dir=* | --work-tree | --work-tree=*) break ;;
            -C | -c | --config-env | --namespace | --super-prefix | --attr-source) gitseq_option=$gitseq_word ;;
            -*) ;;
            am | cherry-pick | commit | merge | push | rebase | revert) gitseq_verb=$gitseq_word; break ;;
            *) break ;;
        esac
    done
    [ -n "$gitseq_verb" ] || exec "$gitseq_real" "$@"
fi

# Which repository? Upwards by `..`, as git goes, because $PWD may have come through a symbolic link.
if [ -z "${GIT_DIR-}" ]; then
    gitseq_top=$gitseq_start
    until [ -e "$gitseq_top/.git" ]; do
        [ "$gitseq_top" -ef "$gitseq_top/.." ] && exec "$gitseq_real" "$@"
        gitseq_top=$gitseq_top/..
    done
    gitseq_git=$gitseq_top/.git
    if [ -f "$gitseq_git" ]; then
        read -r gitseq_word gitseq_git <"$gitseq_top/.git"
        case $gitseq_git in /*) ;; *) gitseq_git=$gitseq_top/$gitseq_git ;; esac
    fi
    gitseq_common=$gitseq_git
    if [ -f "$gitseq_git/commondir" ]; then
        read -r gitseq_common <"$gitseq_git/commondir"
        case $gitseq_common in /*) ;; *) gitseq_common=$gitseq_git/$gitseq_common ;; esac
    fi
    # A repository that gitseq has never been used in is left alone.
    [ -d "$gitseq_common" ] && ! [ -d "$gitseq_common/gitseq" ] && exec "$gitseq_real" "$@"

    # Inside a turn of this repository? As proof: the token is that of the record, and either a descriptor of ours is
    # the lifeline, which only what was started inside of that turn has open, or the owner is an ancestor of ours.
    set -f
    IFS=:
    for gitseq_word in ${GITSEQ_TOKEN-}; do
        set +f
        unset IFS
        gitseq_place=${gitseq_word##*,}
        [ "$gitseq_place" -ef "$gitseq_common/gitseq" ] || [ "$gitseq_place" -ef "$gitseq_git/gitseq" ] || continue
        [ -f "$gitseq_place/lease.json" ] && IFS= read -r gitseq_record <"$gitseq_place/lease.json" || continue
        case $gitseq_record in *"\"nonce\": \"${gitseq_word%%,*}\""*) ;; *) continue ;; esac
        gitseq_owner=${gitseq_record#*\"pid\": }
        gitseq_owner=${gitseq_owner%%,*}
        kill -0 "$gitseq_owner" 2>/dev/null || continue
        for gitseq_dir in /proc/$$/fd/*; do
            [ "$gitseq_dir" -ef "$gitseq_place/queue/lifeline" ] && exec "$gitseq_real" "$@"
        done
        gitseq_pid=$PPID
        until [ "$gitseq_pid" = "$gitseq_owner" ]; do
            [ "$gitseq_pid" -gt 1 ] || continue 2
            gitseq_parent=0
            while read -r gitseq_word gitseq_dir; do
                [ "$gitseq_word" = PPid: ] && gitseq_parent=$gitseq_dir && break
            done 2>/dev/null <"/proc/$gitseq_pid/status"
            gitseq_pid=$gitseq_parent
        done
        exec "$gitseq_real" "$@"
    done
    set +f
    unset IFS
fi

gitseq_python=@PYTHON@
gitseq_library=@LIBRARY@
if [ -f "$gitseq_python" ] && [ -x "$gitseq_python" ] && [ -f "$gitseq_library/gitseq/boot.py" ]; then
    exec "$gitseq_python" -I -S -X utf8 -c \
        'import sys; sys.path.append(sys.argv[1]); from gitseq.boot import wrapper; wrapper()' \
        "$gitseq_library" "$gitseq_start" "$gitseq_real" "$@"
fi
if gitseq --version >/dev/null 2>&1; then
    exec gitseq exec -- "$gitseq_real" "$@"
fi
printf '%s\n' "gitseq: $gitseq_name runs without taking its turn, because $gitseq_python is gone and no working gitseq is on PATH; to repair: pipx install gitseq && gitseq wrap" >&2
exec "$gitseq_real" "$@"
