"""What a mount table says about a path."""

import pytest

from gitseq.core import filesystems

TABLE = rb"""22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 0:31 / /home/me/local rw - xfs /dev/sdb1 rw
32 22 0:32 / /mnt/c rw - 9p drvfs rw,dirsync,aname=drvfs;path=C:\;uid=1000
33 22 0:33 / /mnt/host rw - 9p host rw,trans=virtio
34 22 0:34 / /a\040b rw - cifs //server/share rw
35 22 0:35 / /s rw - fuse.sshfs host: rw
36 22 0:36 / /over rw - tmpfs none rw
37 36 0:37 / /over rw - smb3 //server/share rw
torn line
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/work/.git", "ext4"),
        (b"/home/me/project/.git", "nfs"),
        (b"/home/me/local/project", "xfs"),
        (b"/home/me/locality", "nfs"),
        (b"/homeless", "ext4"),
        (b"/mnt/c/project", "drvfs"),
        (b"/mnt/host/project", "9p"),
        (b"/a b/x", "cifs"),
        (b"/s/x", "sshfs"),
        (b"/over/x", "cifs"),
    ],
)
def test_the_deepest_and_last_mount_counts(path, expected):
    assert filesystems.type_of(TABLE, path) == expected


def test_without_a_table_nothing_is_known():
    assert filesystems.type_of(b"", b"/x") == ""
    assert filesystems.trouble("") == filesystems.trouble("ext4") == ""


def test_troublesome_ones_are_explained():
    for kind in ("nfs", "cifs", "9p", "drvfs", "sshfs"):
        assert filesystems.trouble(kind)
