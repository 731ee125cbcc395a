"""What a git command line is going to do to the index, as far as it can be told from its words."""

_TAKES_INDEX_LOCK = frozenset(
    b"add am apply checkout cherry-pick commit merge mv pull read-tree rebase reset restore revert rm stash switch "
    b"update-index".split()
)
_WITH_VALUE = (b"-c", b"--config-env", b"--exec-path", b"--namespace", b"--super-prefix")
_ELSEWHERE = (b"-C", b"--git-dir", b"--work-tree")


def is_git(argv: "list[bytes]") -> bool:
    """Whether this command line starts git."""
    return argv[0].rpartition(b"/")[2] == b"git"


def takes_index_lock(argv: "list[bytes]") -> bool:
    """Whether it is a git that will lock the index of the repository it is started in.

    An alias, or a repository named by an option, is not looked through: git itself will then tell of a lock.
    """
    if not is_git(argv):
        return False
    words = iter(argv[1:])
    for word in words:
        if word.partition(b"=")[0] in _ELSEWHERE:
            return False
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith(b"-"):
            return word in _TAKES_INDEX_LOCK
    return False
