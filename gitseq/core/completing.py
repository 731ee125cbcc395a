"""Completion scripts for shells, made from the command line as it is.

What depends on the repository - ids and groups of its hooks - is asked of `gitseq completion hooks` when TAB is
pressed.
"""

from gitseq.core.commandline import COMMANDS, FILES, FOLDERS, GROUPS, HOOKS, STAGES
from gitseq.core.stages import STAGES as KNOWN_STAGES
from gitseq.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.commandline import Argument, Verb

SHELLS = ("bash", "zsh", "fish")
ASKED = (HOOKS, GROUPS)
"""What scripts ask of the repository."""


def script(shell: str, verbs: "tuple[Verb, ...]") -> str:
    """The completion script of a shell. Raises UsageError for one we do not know."""
    makers = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    if shell not in makers:
        raise UsageError(f"there is no completion for `{shell}`", why="There is for: " + ", ".join(SHELLS))
    return makers[shell](_whole(verbs))


def _whole(verbs: "tuple[Verb, ...]") -> "tuple[Verb, ...]":
    """Verbs with the options of their parts: `gitseq cache clear` is completed as `gitseq cache` is."""
    parts = [verb for verb in verbs if " " in verb.name]
    return tuple(
        verb.replace(
            arguments=verb.arguments
            + tuple(one for part in parts if part.name.split()[0] == verb.name for one in part.options)
        )
        for verb in verbs
        if " " not in verb.name
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _words(verb: "Verb") -> "list[str]":
    return [flag for option in verb.options for flag in option.flags]


# --- bash ------------------------------------------------------------------------------------------

_BASH = r"""# gitseq completion for bash; to load it: eval "$(gitseq completion bash)"
_gitseq_add() {
    local name IFS=$'\n'
    case $1 in
        stages) COMPREPLY+=($(compgen -W "$_gitseq_stages" -- "$2")) ;;
        hooks | groups)
            while read -r name; do
                [[ $name == "$2"* ]] && printf -v name %q "$name" && COMPREPLY+=("$name")
            done < <(gitseq completion "$1" 2>/dev/null)
            ;;
        files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$2")) ;;
        folders) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "$2")) ;;
        commands) COMPREPLY+=($(compgen -c -- "$2")) ;;
        *) COMPREPLY+=($(compgen -W "${1//,/$'\n'}" -- "$2")) ;;
    esac
}
_gitseq() {
    local word verb='' option='' dashes='' number i
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    # `--stage=x` arrives as three words
    [ "$current" = = ] && current=
    [ "$previous" = = ] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [ -n "$dashes" ] && break
        [ "$word" = -- ] && dashes=$i && continue
        [ -z "$verb" ] && case $word in -*) ;; *) verb=$word ;; esac
    done
    if [ -n "$dashes" ]; then
        number=$((COMP_CWORD - dashes))
        [ "$verb" = exec ] && [ "$number" -gt 1 ] && { _gitseq_add files "$current"; return; }
    elif [ -z "$verb" ]; then
        _gitseq_add @VERBS@ "$current"
        return
    fi
    if [ -z "$dashes" ]; then
        case $verb:$previous in
@VALUES@
        esac
        case $current in
            -*)
                case $verb in
@OPTIONS@
                esac
                return
                ;;
        esac
    fi
    case $verb in
@POSITIONAL@
    esac
}
_gitseq_stages=@STAGES@
complete -F _gitseq gitseq
"""


def _bash(verbs: "tuple[Verb, ...]") -> str:
    values, options, positional = [], [], []
    for verb in verbs:
        for option in verb.options:
            if option.value:
                patterns = " | ".join(f"{verb.name}:{flag}" for flag in option.flags)
                values.append(f"            {patterns}) {_bash_adds(option)}return ;;")
        options.append(f'                    {verb.name}) _gitseq_add {_listed(_words(verb))} "$current" ;;')
        adds = "".join(_bash_adds(one) for one in verb.positional).rstrip("; ")
        if adds:
            positional.append(f"        {verb.name}) {adds} ;;")
    return _filled(
        _BASH,
        VERBS=_listed([*(verb.name for verb in verbs), "--help", "--version"]),
        VALUES="\n".join(values),
        OPTIONS="\n".join(options),
        POSITIONAL="\n".join(positional),
        STAGES="$" + _quoted("\\n".join(KNOWN_STAGES)),
    )


def _bash_adds(argument: "Argument") -> str:
    kinds = [_listed(argument.choices)] if argument.choices else list(argument.kinds)
    return "".join(f'_gitseq_add {kind} "$current"; ' for kind in kinds)


def _listed(words: "list[str] | tuple[str, ...]") -> str:
    """Words for `_gitseq_add`: one argument, and never the name of a kind."""
    return _quoted("," + ",".join(words))


def _filled(template: str, **texts: str) -> str:
    for name, text in texts.items():
        template = template.replace(f"@{name}@", text)
    return template


# --- zsh -------------------------------------------------------------------------------------------

_ZSH = r"""#compdef gitseq
# gitseq completion for zsh; to load it: eval "$(gitseq completion zsh)"
_gitseq_stages() {
    local -a stages=(@STAGES@)
    _describe -t stages stage stages
}
_gitseq_asked() {
    local -a names=(${(f)"$(gitseq completion $1 2>/dev/null)"})
    names=("${(@)names//:/\\:}")
    _describe -t $1 $2 names
}
_gitseq_hooks() { _gitseq_asked hooks hook }
_gitseq_groups() { _gitseq_asked groups group }
_gitseq_stages_hooks() { _gitseq_stages; _gitseq_hooks }
_gitseq_command() {
    if [ "$words[1]" = -- ]; then shift words; (( CURRENT-- )); fi
    _normal
}
_gitseq() {
    local curcontext=$curcontext state line ret=1
    local -a verbs=(
@VERBS@
    )
    _arguments -C '(- *)'{-h,--help}'[show help]' '(- *)--version[show the version]' \
        '1:verb:->verb' '*::argument:->argument' && ret=0
    case $state in
        verb) _describe -t verbs verb verbs && ret=0 ;;
        argument)
            curcontext=${curcontext%:*}-$words[1]:
            case $words[1] in
@CASES@
            esac
            ;;
    esac
    return ret
}
if [ "$funcstack[1]" = _gitseq ]; then _gitseq "$@"; else compdef _gitseq gitseq; fi
"""

_ZSH_ACTIONS = {
    (STAGES,): "_gitseq_stages",
    (HOOKS,): "_gitseq_hooks",
    (GROUPS,): "_gitseq_groups",
    (STAGES, HOOKS): "_gitseq_stages_hooks",
    (FILES,): "_files",
    (FOLDERS,): "_files -/",
    (COMMANDS,): "_command_names -e",
}


def _zsh(verbs: "tuple[Verb, ...]") -> str:
    return _filled(
        _ZSH,
        STAGES=" ".join(KNOWN_STAGES),
        VERBS="\n".join("        " + _quoted(f"{verb.name}:{verb.help.replace(':', chr(92) + ':')}") for verb in verbs),
        CASES="\n".join(f"                {verb.name}) _arguments {_zsh_specs(verb)} && ret=0 ;;" for verb in verbs),
    )


def _zsh_specs(verb: "Verb") -> str:
    specs = [spec for option in verb.options for spec in _zsh_option(option)]
    for number, one in enumerate(verb.positional, 1):
        action = _zsh_action(one)
        if one.value == "-- COMMAND":
            specs = ["-S", *specs, _quoted("*::command:_gitseq_command")]
        else:
            specs.append(_quoted(f"{'*' if one.repeats else number}:{_zsh_text(one.value)}:{action}"))
    return " ".join(specs)


def _zsh_option(option: "Argument") -> "list[str]":
    value = f":{_zsh_text(option.value)}:{_zsh_action(option)}" if option.value else ""
    several = "*" if option.repeats else ""
    return [
        _quoted(f"{several}{flag}{'=' if value and flag.startswith('--') else ''}[{_zsh_text(option.help)}]{value}")
        for flag in option.flags
    ]


def _zsh_action(argument: "Argument") -> str:
    return f"({' '.join(argument.choices)})" if argument.choices else _ZSH_ACTIONS.get(argument.kinds, "")


def _zsh_text(text: str) -> str:
    return "".join(f"\\{char}" if char in "[]:\\" else char for char in text)


# --- fish ------------------------------------------------------------------------------------------

_FISH_COMMAND = """function __gitseq_command
    set -l words (commandline -opc) (commandline -ct)
    if set -l dashes (contains -i -- -- $words[1..-2])
        complete -C "$words[$(math $dashes + 1)..-1]"
    else
        __fish_complete_command
    end
end"""
_FISH_KINDS = {
    STAGES: "(__gitseq_stages)",
    HOOKS: "(gitseq completion hooks 2>/dev/null)",
    GROUPS: "(gitseq completion groups 2>/dev/null)",
    FOLDERS: "(__fish_complete_directories)",
    COMMANDS: "(__fish_complete_command)",
}


def _fish(verbs: "tuple[Verb, ...]") -> str:
    lines = [
        "# gitseq completion for fish; to load it: gitseq completion fish | source",
        f"function __gitseq_stages; printf '%s\\n' {' '.join(KNOWN_STAGES)}; end",
        _FISH_COMMAND,
        "complete -c gitseq -f",
        "complete -c gitseq -n __fish_use_subcommand -s h -l help -d 'show help'",
        "complete -c gitseq -n __fish_use_subcommand -l version -d 'show the version'",
    ]
    for verb in verbs:
        lines.append(f"complete -c gitseq -n __fish_use_subcommand -a {verb.name} -d {_fish_quoted(verb.help)}")
        lines += [_fish_line(verb, one) for one in verb.arguments]
    return "\n".join(line for line in lines if line) + "\n"


def _fish_line(verb: "Verb", argument: "Argument") -> str:
    words = [f"complete -c gitseq -n '__fish_seen_subcommand_from {verb.name}'"]
    words += [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in argument.flags]
    if argument.value == "-- COMMAND":
        return f"{words[0]} -a '(__gitseq_command)'"
    if argument.value:
        wants = " ".join(argument.choices or [_FISH_KINDS[kind] for kind in argument.kinds if kind in _FISH_KINDS])
        files = FILES in argument.kinds
        if not argument.flags and not (wants or files):
            return ""
        words.append(("-r -F" if files else "-x") if argument.flags else ("-F" if files else ""))
        words.append(f"-a {_fish_quoted(wants)}" if wants else "")
    if argument.flags:
        words.append(f"-d {_fish_quoted(argument.help)}")
    return " ".join(word for word in words if word)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
