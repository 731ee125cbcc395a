"""The environment of a hook, computed (GIT.md section 3, githooks(5))."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    Env = dict[bytes, bytes]

LOCAL = (
    b"GIT_ALTERNATE_OBJECT_DIRECTORIES",
    b"GIT_COMMON_DIR",
    b"GIT_CONFIG",
    b"GIT_CONFIG_PARAMETERS",
    b"GIT_DIR",
    b"GIT_GRAFT_FILE",
    b"GIT_IMPLICIT_WORK_TREE",
    b"GIT_INDEX_FILE",
    b"GIT_INTERNAL_SUPER_PREFIX",
    b"GIT_NO_REPLACE_OBJECTS",
    b"GIT_OBJECT_DIRECTORY",
    b"GIT_PREFIX",
    b"GIT_REPLACE_REF_BASE",
    b"GIT_SHALLOW_FILE",
    b"GIT_WORK_TREE",
)
"""`git rev-parse --local-env-vars`: what binds a git to this repository. GIT_CONFIG_COUNT is left out: CI systems
carry `safe.directory` in it."""

_ABOUT_THIS_COMMIT = (
    b"GIT_AUTHOR_DATE",
    b"GIT_AUTHOR_EMAIL",
    b"GIT_AUTHOR_NAME",
    b"GIT_EDITOR",
    b"GIT_LITERAL_PATHSPECS",
    b"GIT_QUARANTINE_PATH",
    b"GIT_REFLOG_ACTION",
)


def scrubbed(env: "Env") -> "Env":
    """Without anything that would make a git elsewhere work on this repository or commit in this author's name."""
    return {name: value for name, value in env.items() if name not in LOCAL and name not in _ABOUT_THIS_COMMIT}


def for_top(env: "Env", *, own_index: bytes, index: bytes, dir_is_discoverable: bool) -> "Env":
    """The environment for a hook that runs at the top of the work tree, without what git exports to no purpose.

    `own_index` is the work tree's index and `index` the absolute path of the one in use. A GIT_INDEX_FILE that
    names the own index is dropped (relative, it would misdirect a git in any other folder), another is made
    absolute. GIT_DIR and GIT_WORK_TREE are dropped where git finds the same directory without them: with
    GIT_DIR in the environment, as git sets it in linked work trees, a `git init` in a test suite makes *this*
    repository bare.
    """
    cleaned = dict(env)
    if b"GIT_INDEX_FILE" in cleaned:
        if index == own_index:
            del cleaned[b"GIT_INDEX_FILE"]
        else:
            cleaned[b"GIT_INDEX_FILE"] = index
    if dir_is_discoverable:
        cleaned.pop(b"GIT_DIR", None)
        cleaned.pop(b"GIT_WORK_TREE", None)
    return cleaned


def for_folder(env: "Env", *, top: bytes, git_dir: bytes) -> "Env":
    """`for_top`'s environment for a hook that runs in a sub-folder: paths that were relative to the top are made
    absolute, and the work tree is named, or git would take the folder for it."""
    if b"GIT_DIR" not in env:
        return env
    return {**env, b"GIT_DIR": git_dir, b"GIT_WORK_TREE": top}
