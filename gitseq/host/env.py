"""The environment, read once per process and handed on as a value."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    Env = dict[bytes, bytes]
    """An environment as a value. Names and values are bytes: a user's environment need not be UTF-8."""


def snapshot() -> "Env":
    """The environment this process was started with."""
    return dict(os.environb)


def text(env: "Env", name: str, default: str = "") -> str:
    """One variable as text; undecodable bytes survive as surrogates."""
    value = env.get(name.encode())
    return default if value is None else value.decode("utf-8", "surrogateescape")
