"""The compiled plan: a configuration that was parsed once, and is used from `kept` while that is still true."""

from gitseq.config import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.config.foreign import Fetch
    from gitseq.config.meaning import Vet
    from gitseq.model import Plan


def load(where: kept.Where, state_dir: bytes, *, fetch: "Fetch | None" = None, vet: "Vet | None" = None) -> "Plan":
    """The plan of the configuration that holds there now; compiled anew when any file of it has changed.

    `fetch` hands over the repositories whose hooks it uses, when it is compiled; what it raises goes through; `vet`
    says what is wrong with the arguments of a built-in hook. Raises ConfigError for a configuration that cannot be,
    and NoConfiguration when there is none. A state directory that cannot be written costs time only.
    """
    place = kept.plan_file(where, state_dir)
    plan = kept.read(where, place)
    if plan is not None:
        return plan
    from gitseq.config import build

    return build.compile_and_keep(where, place, fetch, vet)
