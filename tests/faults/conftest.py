"""Hundreds of trees are made and thrown away here, so they live in memory where the system offers that."""

import os
import shutil
import tempfile

import pytest


@pytest.fixture
def folder(tmp_path):
    """An empty folder for one test, on the fastest file system there is."""
    if not os.access("/dev/shm", os.W_OK):
        yield os.fsencode(tmp_path)
        return
    made = tempfile.mkdtemp(prefix="gitseq-test-", dir="/dev/shm")
    yield os.fsencode(os.path.realpath(made))
    shutil.rmtree(made)
