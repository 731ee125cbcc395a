"""What every verb starts from."""

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env


class Context(Record):
    """The environment and the folder of this process, read once."""

    env: "Env"
    cwd: bytes
