#!/bin/sh
# gitseq shim v1 for @STAGE@
# Do not edit: `gitseq install` writes this file anew, `gitseq uninstall` takes it away.
[ "${GITSEQ-}" = 0 ] && exit 0
gitseq_python=@PYTHON@
gitseq_library=@LIBRARY@
if [ -f "$gitseq_python" ] && [ -x "$gitseq_python" ] && [ -f "$gitseq_library/gitseq/boot.py" ]; then
    exec "$gitseq_python" -I -S -X utf8 -c 'import sys; sys.path.append(sys.argv[1]); from gitseq.boot import main; main()' "$gitseq_library" "$0" @STAGE@ "$@"
fi
if command -v gitseq >/dev/null 2>&1; then
    gitseq hook "$0" @STAGE@ "$@"
    code=$?
    # 126 and 127 are this shell's: what lies on PATH cannot be started, because its own interpreter is gone too.
    [ $code -ne 126 ] && [ $code -ne 127 ] && exit $code
fi
[ -x "$gitseq_python" ] && gitseq_python=$gitseq_library/gitseq
printf '%s\n' "gitseq: the @STAGE@ hooks did not run, because $gitseq_python is gone and no working gitseq is on PATH; to repair: pipx install gitseq && gitseq install (without hooks, this once: GITSEQ=0 before the command, or --no-verify)." >&2
exit @BROKEN@
