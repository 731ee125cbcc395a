"""Hooks written in Perl: a library folder of their own, filled by cpan."""

import os
import shlex

from gitseq.languages.base import Start, command, encoded, nothing_to_install, only_default_version
from gitseq.languages.base import version_as_written as version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.languages.base import Tools
    from gitseq.model import Hook

__all__ = ["ENVIRONMENT", "install", "start", "version"]
ENVIRONMENT = "perl_env"
_GET = "Install Perl, with cpan and make"


def start(hook: "Hook", place: bytes) -> Start:
    """With its programs and modules in front; what it installs itself goes there, too."""
    quoted = shlex.quote(os.fsdecode(place))
    make = f"INSTALL_BASE={quoted} INSTALLSITEMAN1DIR=none INSTALLSITEMAN3DIR=none"
    env = {
        b"PERL5LIB": place + b"/lib/perl5",
        b"PERL_MB_OPT": os.fsencode(f"--install_base {quoted}"),
        b"PERL_MM_OPT": os.fsencode(make),
    }
    return Start(command(hook), (place + b"/bin",), env)


def install(hook: "Hook", place: bytes, tools: "Tools") -> "tuple[bytes, ...]":
    """Install the source and the dependencies, without running their tests; perl is the witness."""
    only_default_version(hook)
    perl = os.path.realpath(tools.need(hook, ("perl",), _GET))
    cpan = tools.need(hook, ("cpan",), _GET)
    wanted = [b"."] * bool(tools.source) + [encoded(dependency) for dependency in hook.dependencies]
    if not wanted:
        raise nothing_to_install(hook)
    env = {**start(hook, place).applied(tools.env), b"PERL_MM_USE_DEFAULT": b"1"}
    tools.run(cpan, "-T", *wanted, env=env)
    return (perl,)
