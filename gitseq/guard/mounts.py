"""Which folders a rename can join: those on one device and under one mount point (rename(2), EXDEV)."""

import codecs
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    Place = tuple[int, bytes]
    """Device number and mount point."""


class Mounts:
    """The mount points of this moment. Two binds of one device are two places under one device number."""

    def __init__(self, table: bytes) -> None:
        points = {_unescape(line.split(b" ")[4]) for line in table.splitlines() if line.count(b" ") > 4}
        self._points = sorted(points, key=len, reverse=True)

    @classmethod
    def now(cls) -> "Mounts":
        """As the kernel tells; where it has no such file the device number alone decides."""
        try:
            with open("/proc/self/mountinfo", "rb") as stream:
                return cls(stream.read())
        except OSError:
            return cls(b"")

    def place(self, folder: bytes) -> "Place":
        """Where an existing, resolved folder lies."""
        device = os.lstat(folder).st_dev
        for point in self._points:
            if folder == point or folder.startswith(point.rstrip(b"/") + b"/"):
                return device, point
        return device, b""

    def highest(self, folder: bytes, top: bytes) -> bytes:
        """The folder nearest to `top`, `top` included, that lies where `folder` does."""
        place = self.place(folder)
        while folder != top and self.place(os.path.dirname(folder)) == place:
            folder = os.path.dirname(folder)
        return folder


def _unescape(name: bytes) -> bytes:
    """The kernel writes blanks, tabs, newlines and backslashes as octal escapes (proc_pid_mountinfo(5))."""
    return codecs.escape_decode(name)[0] if b"\\" in name else name
