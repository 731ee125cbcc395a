"""A process tree that tries to get away, grown from a seed: `wild_tree.py SEED DEPTH LOG`.

Every process writes its pid into LOG. It may fork, start a session, orphan itself, ignore or block signals, close its
descriptors, clear its environment, stop itself, hop from pid to pid. At most 3 children each and 3 levels deep, and
none lives longer than 30 seconds.
"""

import os
import random
import signal
import sys
import time

END = time.monotonic() + 30


def main(seed: int, depth: int, log: str) -> None:
    choice = random.Random(seed)
    note(log)
    for trick in choice.sample(TRICKS, choice.randrange(4)):
        trick(choice, log)
    for number in range(choice.randrange(4) if depth else 0):
        if os.fork() == 0:
            grow(choice, seed * 7 + number + 1, depth - 1, log)
    if choice.random() < 0.3:
        os._exit(choice.randrange(2))
    while time.monotonic() < END:
        time.sleep(0.5)


def grow(choice: random.Random, seed: int, depth: int, log: str) -> None:
    """A child goes on as it is, or as a new program, perhaps without its environment."""
    if choice.random() < 0.5:
        main(seed, depth, log)
    else:
        env = {} if choice.random() < 0.5 else dict(os.environ)
        command = [sys.executable, "-I", "-S", os.path.abspath(__file__), str(seed), str(depth), log]
        os.execve(sys.executable, command, env)
    os._exit(0)


def note(log: str) -> None:
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(fd, b"%d\n" % os.getpid())
    os.close(fd)


def new_session(choice: random.Random, log: str) -> None:
    try:
        os.setsid()
    except PermissionError:
        os.setpgid(0, 0)


def orphan(choice: random.Random, log: str) -> None:
    if os.fork():
        os._exit(0)
    note(log)


def daemonise(choice: random.Random, log: str) -> None:
    orphan(choice, log)
    os.setsid()
    orphan(choice, log)


def hop(choice: random.Random, log: str) -> None:
    for _hop in range(choice.randrange(20)):
        orphan(choice, log)
        time.sleep(0.002)


def ignore_signals(choice: random.Random, log: str) -> None:
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(signum, signal.SIG_IGN)


def block_signals(choice: random.Random, log: str) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, range(1, 32))


def close_descriptors(choice: random.Random, log: str) -> None:
    os.closerange(0, 256)


def stop(choice: random.Random, log: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def spawn_quickly(choice: random.Random, log: str) -> None:
    for _child in range(5):
        if os.fork() == 0:
            os._exit(0)


TRICKS = [
    new_session,
    orphan,
    daemonise,
    hop,
    ignore_signals,
    block_signals,
    close_descriptors,
    stop,
    spawn_quickly,
]

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
