"""What a pass is stored under: who passed it, and what it was shown (docs/explanation/ledger.md).

Keys are BLAKE2b digests of 16 bytes. A key that was torn or made of rubbish matches nothing: a miss, never a pass.
"""

import _blake2

from gitseq.model import Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitseq.model import Plan

    Env = dict[bytes, bytes]

SIZE = 16

_SAYS_NOTHING = frozenset(
    (
        *("id", "name", "alias", "description", "groups", "stages", "skip_on", "always_run"),
        *("fail_fast", "verbose", "log_file", "stage_fixes", "retry", "cache", "inputs", "tool_version"),
        *("timeout", "grace", "memory", "processes", "min_free_memory", "memory_wait", "keep_daemons"),
        *("interactive", "stdin", "source"),
    )
)
"""Fields of a hook that cannot make the same content pass or fail: when it runs, what it may take, its names."""
_FILTERS = frozenset(("files", "exclude", "types", "types_or", "exclude_types"))
"""Which files it gets is in the keys of the files; only a key that stands for all of them needs these."""

_OF_THE_SESSION = frozenset(
    b"_ PWD OLDPWD SHLVL TERM COLORTERM COLUMNS LINES DISPLAY WAYLAND_DISPLAY XAUTHORITY WINDOWID TMUX TMUX_PANE STY "
    b"INVOCATION_ID JOURNAL_STREAM LS_COLORS PS1 PS2 PROMPT_COMMAND HISTFILE HISTSIZE HISTCONTROL EDITOR VISUAL PAGER "
    b"LESS LESSOPEN LESSCLOSE MANPATH INFOPATH MAIL OLDPATH NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE "
    b"GPG_TTY GPG_AGENT_INFO PRE_COMMIT PRE_COMMIT_RUNNING_LEGACY VIRTUAL_ENV_PROMPT CI_JOB_ID BUILD_ID".split()
)
_OF_THE_SESSION_BY_START = (
    *(b"GIT_", b"GITSEQ", b"PRE_COMMIT_", b"SSH_", b"XDG_SESSION", b"DBUS_", b"TERM_", b"VTE_", b"ITERM", b"KITTY_"),
    *(b"VSCODE_", b"KONSOLE_", b"GNOME_", b"LC_TERMINAL", b"WT_", b"GITHUB_", b"RUNNER_", b"WEZTERM_", b"ALACRITTY_"),
)
"""Variables that differ from terminal to terminal, commit to commit, job to job, and that say nothing to a checker."""


def digest(*parts: bytes) -> bytes:
    """One digest of several values; where one ends and the next begins counts, too."""
    made = _blake2.blake2b(digest_size=SIZE)
    for part in parts:
        made.update(b"%d:" % len(part))
        made.update(part)
    return made.digest()


def definition(hook: Hook) -> bytes:
    """What a hook does, apart from which files it gets. A field that is added to Hook counts by itself."""
    said = [
        (field, getattr(hook, field)) for field in hook._fields if field not in _SAYS_NOTHING and field not in _FILTERS
    ]
    return digest(b"hook", repr(said).encode("utf-8", "surrogateescape"))


def filters(hook: Hook, plan: "Plan") -> bytes:
    """Which files a hook gets out of a given tree, and in what portions."""
    said = [plan.tags_stamp, plan.files, plan.exclude, hook.pass_filenames, hook.cache, hook.inputs, hook.always_run]
    said += [getattr(hook, field) for field in sorted(_FILTERS)]
    if plan.projects:
        said += [hook.project, *(project.values() for project in plan.projects)]
    return digest(b"filters", repr(said).encode("utf-8", "surrogateescape"))


def environment(env: "Env") -> bytes:
    """What a command finds in its environment, but for what belongs to a terminal, a commit or a job."""
    said = [
        part
        for name in sorted(env)
        if name not in _OF_THE_SESSION and not name.startswith(_OF_THE_SESSION_BY_START)
        for part in (name, _path_without_git(env) if name == b"PATH" else env[name])
    ]
    return digest(b"env", *said)


def _path_without_git(env: "Env") -> bytes:
    """git puts the folder of its own programs in front while it runs a hook."""
    own = env.get(b"GIT_EXEC_PATH", b"")
    folders = env[b"PATH"].split(b":")
    return b":".join(folder for folder in folders if not folder.endswith(b"/git-core") and folder != own)


def file_line(mode: int, oid: bytes, path: bytes) -> bytes:
    """A file as `git ls-files --stage` writes it, so that a key can be made from either."""
    return b"%06o %s 0\t%s" % (mode, oid, path)


def file_key(line: bytes) -> bytes:
    """The key of one file: its mode, content and path."""
    return _blake2.blake2b(line, digest_size=SIZE).digest()


def file_keys(lines: "Iterable[bytes]") -> "list[bytes]":
    """The same for many."""
    make = _blake2.blake2b
    return [make(line, digest_size=SIZE).digest() for line in lines]


def set_key(keys: "Iterable[bytes]") -> bytes:
    """The key of a whole set of files, in whatever order."""
    return digest(b"set", *sorted(keys))
