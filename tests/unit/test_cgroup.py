"""Which control groups can be used, decided from what /proc and /sys say; versions and containers we do not run on."""

from pathlib import Path

import pytest

from gitseq.host import cgroup
from gitseq.host.cgroup import POLLING, Leaf


class Machine:
    """A made-up /proc/self and a version 2 hierarchy."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.mount = folder / "cgroup fs"
        self.proc.mkdir()
        self.mount.mkdir()
        place = str(self.mount).replace(" ", "\\040")
        (self.proc / "mountinfo").write_text(
            f"20 1 0:1 / / rw - ext4 /dev/root rw\n30 20 0:26 / {place} rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
        )
        self.be_in("/")

    def be_in(self, group: str) -> None:
        (self.proc / "cgroup").write_text(f"0::{group}\n")

    def group(self, path: str, *, hands_down: str = "", **files: str) -> Path:
        folder = self.mount / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").write_text("")
        (folder / "cgroup.subtree_control").write_text(hands_down + "\n")
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text + "\n")
        return folder

    def detect(self) -> cgroup.Rung:
        return cgroup.detect(bytes(self.proc))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_leaf_goes_beside_us_where_the_parent_hands_memory_and_pids_down(machine: Machine) -> None:
    place = machine.group("user/app", hands_down="memory pids")
    machine.group("user/app/terminal", memory_max="max", pids_max="max")
    machine.be_in("/user/app/terminal")
    assert machine.detect() == cgroup.Rung("cgroup2", (bytes(place),))


def test_no_leaf_goes_beside_a_limit_that_holds_for_us(machine: Machine) -> None:
    machine.group("user", hands_down="memory pids")
    machine.group("user/scope", memory_max="1000000")
    machine.be_in("/user/scope")
    assert machine.detect() == POLLING


def test_without_both_controllers_there_is_none(machine: Machine) -> None:
    machine.group("user", hands_down="pids cpu")
    machine.group("user/scope")
    machine.be_in("/user/scope")
    assert machine.detect() == POLLING


def test_inside_of_a_leaf_there_is_none(machine: Machine) -> None:
    machine.group("user", hands_down="memory pids")
    machine.group("user/gitseq.1.2.3")
    machine.be_in("/user/gitseq.1.2.3")
    assert machine.detect() == POLLING


def test_a_group_that_lies_outside_of_what_is_mounted_is_not_visible() -> None:
    assert cgroup.folder(b"/docker/abc/x", (b"/docker/abc", b"/sys/fs/cgroup")) == b"/sys/fs/cgroup/x"
    assert cgroup.folder(b"/docker/abc", (b"/docker/abc", b"/sys/fs/cgroup")) == b"/sys/fs/cgroup"
    assert cgroup.folder(b"/other", (b"/docker/abc", b"/sys/fs/cgroup")) is None
    assert cgroup.folder(b"/docker/abcd", (b"/docker/abc", b"/sys/fs/cgroup")) is None


def test_version_1_controllers_are_found_by_their_mounts() -> None:
    own = cgroup.own_groups(b"8:pids:/a\n4:memory:/b\n3:cpu,cpuacct:/\n0::/\n")
    assert own == {b"pids": b"/a", b"memory": b"/b", b"cpu": b"/", b"cpuacct": b"/", b"": b"/"}
    text = b"31 20 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    assert cgroup.group_mounts(text)[b"memory"] == (b"/", b"/sys/fs/cgroup/memory")


def test_what_version_2_tells_of_a_leaf(machine: Machine) -> None:
    folder = machine.group(
        "leaf",
        memory_stat="anon 100\nfile 900\nshmem 20",
        memory_swap_current="3",
        memory_peak="1000",
        memory_events="low 0\noom 4\noom_kill 2",
        pids_events="max 7",
    )
    (folder / "cgroup.procs").write_text("12\n13\n")
    leaf = Leaf("cgroup2", (bytes(folder),))
    assert (leaf.used(), leaf.most_used(), leaf.cached()) == (123, 1000, 880)
    assert (leaf.killed_by_kernel(), leaf.refused(), leaf.pids()) == (2, 7, [12, 13])


def test_a_leaf_that_is_gone_tells_nothing_and_is_removed(tmp_path: Path) -> None:
    leaf = Leaf("cgroup1", (bytes(tmp_path / "m"), bytes(tmp_path / "p"), b""))
    assert (leaf.used(), leaf.most_used(), leaf.killed_by_kernel(), leaf.refused(), leaf.pids()) == (0, 0, 0, 0, [])
    assert not leaf.exists()
    assert leaf.remove()


def test_a_leaf_that_cannot_be_set_up_is_taken_away_again(tmp_path: Path) -> None:
    leaf = Leaf("cgroup1", (bytes(tmp_path / "m"), bytes(tmp_path / "p"), bytes(tmp_path / "f")))
    with pytest.raises(OSError, match="No such file"):  # no kernel puts its files there
        leaf.make(1 << 20, 8)
    assert not leaf.exists()
