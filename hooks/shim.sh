#!/bin/sh
# gitseq shim v1 for @STAGE@
# Do not edit: `gitseq install` writes this file anew, `gitseq uninstall` takes it away.
[ "${GITSEQ-}" = 0 ] && exit 0
PY=@PYTHON@
LIB=@LIBRARY@
if [ -f "$PY" ] && [ -x "$PY" ] && [ -f "$LIB/gitseq/boot.py" ]; then
    exec "$PY" -I -S -X utf8 -c 'import sys; sys.path.append(sys.argv[1]); from gitseq.boot import main; main()' "$LIB" "$0" @STAGE@ "$@"
fi
if command -v gitseq >/dev/null 2>&1; then
    gitseq hook "$0" @STAGE@ "$@"
    code=$?
    # 126 and 127 are this shell's: what lies on PATH cannot be started, because its own interpreter is gone too.
    [ $code -ne 126 ] && [ $code -ne 127 ] && exit $code
fi
[ -x "$PY" ] && PY=$LIB/gitseq
printf '%s\n' "gitseq: the @STAGE@ hooks did not run, because $PY is gone and no working gitseq is on PATH; to repair: pipx install gitseq && gitseq install (without hooks, this once: GITSEQ=0 before the command, or --no-verify)." >&2
exit @BROKEN@
