"""`pytest` takes its turn by itself, however it was started: from a terminal, an editor, or by an agent."""

import os
import shutil
import sys


def pytest_cmdline_main(config):
    """Start again as `gitseq exec -- pytest ...`, unless we run inside of a turn already, or nobody may be asked."""
    gitseq = shutil.which("gitseq")
    if gitseq is None or "GITSEQ_TOKEN" in os.environ or os.environ.get("GITSEQ") == "0":
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    os.execv(gitseq, ["gitseq", "exec", "--", sys.executable, "-m", "pytest", *config.invocation_params.args])
