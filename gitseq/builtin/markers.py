"""Byte strings that must not be committed: conflict markers, private keys, the user's own credentials."""

import io
import os

from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, Batch, Context, File, Finding, PerFile, finding
from gitseq.host.search import holds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONFLICT_MARKERS = (b"<<<<<<< ", b"======= ", b"=======\r\n", b"=======\n", b">>>>>>> ")

_PUTTY = b"PuTTY-User-Key-File-2"
_KEYS_BEGIN = (
    b"BEGIN RSA PRIVATE KEY",
    b"BEGIN DSA PRIVATE KEY",
    b"BEGIN EC PRIVATE KEY",
    b"BEGIN OPENSSH PRIVATE KEY",
    b"BEGIN PRIVATE KEY",
    b"BEGIN SSH2 ENCRYPTED PRIVATE KEY",
    b"BEGIN PGP PRIVATE KEY BLOCK",
    b"BEGIN ENCRYPTED PRIVATE KEY",
    b"BEGIN OpenVPN Static key V1",
)

_AWS_FILES = ("~/.aws/config", "~/.aws/credentials", "/etc/boto.cfg", "~/.boto")
_AWS_FILE_VARIABLES = (b"AWS_CONFIG_FILE", b"AWS_CREDENTIAL_FILE", b"AWS_SHARED_CREDENTIALS_FILE", b"BOTO_CONFIG")
_AWS_SECRET_VARIABLES = (b"AWS_SECRET_ACCESS_KEY", b"AWS_SECURITY_TOKEN", b"AWS_SESSION_TOKEN")
_AWS_SECRET_KEYS = ("aws_secret_access_key", "aws_security_token", "aws_session_token")


class MergeConflict(PerFile):
    """Finds conflict markers while a merge or rebase is going on (always with `--assume-in-merge`)."""

    options = (Option(("--assume-in-merge",), "assume", False, const=True),)

    def __init__(self, *, assume: bool) -> None:
        self._assume = assume

    def begin(self, context: Context) -> "Finding | None":
        """Passed at once when there is nothing to merge."""
        return None if self._assume or _in_merge(context.git_dir) else CLEAN

    def suspects(self, batch: Batch) -> "list[File]":
        """None of them, when nothing like a marker is in any."""
        text = batch.text()
        return batch.files if text is None or _may_conflict(text) else []

    def check(self, file: File, content: bytes) -> Finding:
        """A line of output for every marker."""
        output = b"".join(_conflicts(file.path, 1, content))
        return Finding(output, 1) if output else CLEAN

    def check_large(self, file: File) -> Finding:
        """The same, block by block."""
        output: "list[bytes]" = []
        line = 1
        for block in file.blocks():
            output += _conflicts(file.path, line, block)
            line += block.count(b"\n")
        return Finding(b"".join(output), 1) if output else CLEAN


def _in_merge(git_dir: bytes) -> bool:
    states = (b"MERGE_HEAD", b"rebase-apply", b"rebase-merge")
    there = os.path.exists
    return there(git_dir + b"/MERGE_MSG") and any(there(git_dir + b"/" + state) for state in states)


def _may_conflict(content: bytes) -> bool:
    return b"=======" in content or b"<<<<<<< " in content or b">>>>>>> " in content


def _conflicts(path: bytes, first: int, content: bytes) -> "Iterator[bytes]":
    if not _may_conflict(content):
        return
    for number, line in enumerate(io.BytesIO(content), first):
        if line.startswith(_CONFLICT_MARKERS):
            yield b"%s:%d: Merge conflict string '%s' found\n" % (path, number, line[:7])


class PrivateKey(PerFile):
    """Finds private keys by their first lines."""

    def suspects(self, batch: Batch) -> "list[File]":
        """None of them, when no marker is in any."""
        text = batch.text()
        return batch.files if text is None or _has_key(text) else []

    def check(self, file: File, content: bytes) -> Finding:
        """A line of output when there is one."""
        return finding(b"Private key found: " + file.path) if _has_key(content) else CLEAN

    def check_large(self, file: File) -> Finding:
        """The same, block by block."""
        found = any(_has_key(block) for block in file.blocks())
        return finding(b"Private key found: " + file.path) if found else CLEAN


def _has_key(content: bytes) -> bool:
    """Whether a marker is there. All hold a V or a Y, which most sources of a few kilobytes lack: memchr tells."""
    if b"V" in content and holds(content, b"BEGIN ") and any(holds(content, marker) for marker in _KEYS_BEGIN):
        return True
    return b"Y" in content and holds(content, _PUTTY)


class AwsCredentials(PerFile):
    """Finds the secrets that the user's own AWS configuration holds."""

    options = (
        Option(("--credentials-file",), "files", _AWS_FILES, append=True),
        Option(("--allow-missing-credentials",), "optional", False, const=True),
    )

    def __init__(self, *, files: "Sequence[str]", optional: bool) -> None:
        self._files = files
        self._optional = optional
        self._secrets: "list[bytes]" = []

    def begin(self, context: Context) -> "Finding | None":
        """Learns the secrets; without any there is nothing to look for, which passes only when allowed."""
        self._secrets = sorted(_secrets(context, self._files))
        if self._secrets:
            return None
        if self._optional:
            return CLEAN
        return Finding(
            b"No AWS keys were found in the configured credential files and environment variables.\n"
            b"Please ensure you have the correct setting for --credentials-file\n",
            2,
        )

    def check(self, file: File, content: bytes) -> Finding:
        """A line of output for every secret in the file; all but its first four characters hidden."""
        return self._told(file, [secret for secret in self._secrets if secret in content])

    def check_large(self, file: File) -> Finding:
        """The same, block by block."""
        found = {secret for block in file.blocks() for secret in self._secrets if secret in block}
        return self._told(file, sorted(found))

    def _told(self, file: File, found: "list[bytes]") -> Finding:
        lines = [b"AWS secret found in %s: %s\n" % (file.path, _hidden(secret)) for secret in found]
        return Finding(b"".join(lines), 1) if lines else CLEAN


def _hidden(secret: bytes) -> bytes:
    return secret.decode("utf-8", "replace")[:4].ljust(28, "*").encode()


def _secrets(context: Context, files: "Sequence[str]") -> "set[bytes]":
    env = context.env
    places = {*(os.fsencode(name) for name in files), *(env[name] for name in _AWS_FILE_VARIABLES if name in env)}
    found = {env[name] for name in _AWS_SECRET_VARIABLES if env.get(name)}
    for place in places:
        found |= _secrets_in(os.path.join(context.top, _expanded(place, env)))
    return found


def _expanded(place: bytes, env: "dict[bytes, bytes]") -> bytes:
    home = env.get(b"HOME")
    return home.rstrip(b"/") + place[1:] if home and place.startswith(b"~/") else os.path.expanduser(place)


def _secrets_in(place: bytes) -> "set[bytes]":
    import configparser

    if not os.path.exists(place):
        return set()
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(os.fsdecode(place))
    except configparser.MissingSectionHeaderError:
        return set()
    found = set()
    for section in parser.sections():
        for key in _AWS_SECRET_KEYS:
            if secret := parser.get(section, key, fallback="").strip():
                found.add(secret.encode("utf-8", "surrogateescape"))
    return found
