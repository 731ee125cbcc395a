"""Generated files for the built-in hooks: pieces from which each hook's trouble can be put together."""

from typing import NamedTuple

from hypothesis import strategies as st

_ANY = (
    b"", b"a", b"\n", b"\r\n", b"\r", b" ", b"  ", b"\t", b"\x0b", b"\x0c", b"\0", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\xc3\xa9", b"\xe2\x80\xa8", b"foo bar\n", b"foo  \n", b"foo\t\r\n", b"x" * 5000, b"\x1c", b"\xc2\x85",
    b"\xed\xa0\x80",
)  # fmt: skip
_JSON = (
    b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"b"', b'"a": 1', b'"b": [1, 2]', b"1", b"1e400", b"-0", b"NaN",
    b"null", b'"\\ud800"', b'"\xc3\xa9"', b'{"b": 1, "a": {"c": [], "b": {}}}', b'{"a": 1, "a": 2}', b"\n", b" ",
    b"\t", b"\r\n", b"\xef\xbb\xbf", b"\xff", b"[" * 3, b"]" * 3, b"// c", b"{}\n", b'{\n  "a": 1\n}\n',
    b'{\r\n  "a": 1\r\n}\r\n', '{"a": "\u20ac"}'.encode("utf-16"), '["\u20ac"]'.encode("utf-32"), b"[" * 2000,
)  # fmt: skip
_TOML = (
    b"a = 1\n", b"b = 'x'\n", b"[t]\n", b"[[t]]\n", b"[t.u]\n", b"a.b = 2\n", b'c = """\nx\n"""\n',
    b"d = 1979-05-27\n", b"e = [1,\n 2]\n", b"= 1\n", b"# c\n", b"\r\n", b"\r", b"\xff", b"\xef\xbb\xbf",
    b"f = {x = 1}\n", b"\0", b"g = inf\n", b" ",
)  # fmt: skip
_XML = (
    b"<a>", b"</a>", b"<a/>", b"<?xml version='1.0'?>", b"<?xml version='1.0' encoding='latin-1'?>", b"\xe9",
    b"\xc3\xa9", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&amp;", b"&", b"<", b"x", b"\n", b"<!-- c -->",
    b"<![CDATA[x]]>", b"\xef\xbb\xbf", b"<!DOCTYPE a SYSTEM 'nowhere.dtd'>",
    b"<?xml version='1.0' encoding='klingon'?>", b"<a b='1' b='2'/>", b"\0",
)  # fmt: skip
_YAML = (
    b"a: 1\n", b"b: [1, 2]\n", b"- x\n", b"  - y\n", b"---\n", b"...\n", b"c: &x {d: 1}\n", b"e: *x\n", b"<<: *x\n",
    b"!t v\n", b"f: !!python/object:os.x\n", b"\t", b"g: 'x\n", b'h: "\\z"\n', b"# c\n", b"a: 2\n", b"? [k]\n: v\n",
    b"i: |\n  t\n", b"\r\n", b"\xff", b"\xef\xbb\xbf", b"\x07", b"%YAML 1.1\n", b"%TAG ! t:\n", b": :\n",
    b"k: 2001-13-45\n", b"{", b"}", b"[", b"]", b"n: 0o9\n", b"t: 12:99:99\n", b"{{ x }}\n", b"\n",
)  # fmt: skip
_PYTHON = (
    b"import os\n", b"import pdb\n", b"import os, ipdb\n", b"from pdb import x\n", b"from . import q\n",
    b"import q.x\n", b"breakpoint()\n", b"x = breakpoint(breakpoint())\n", b"def f():\n    ",
    b"    import pdb; pdb.set_trace()\n", b"pass\n", b"'''doc'''\n", b'"doc"\n', b'x = "a"\n', b"x = \"it's\"\n",
    b'x = f"{y}" + "z"\n', b'x = f"{y["a"]}"\n', b'x = b"a" r"b"\n', b'x = """t"""\n', b'"a" \'b\'\n', b"# c\n",
    b"dict()\n", b"x = dict(a=1)\n", b"x = [list(), tuple(()), str(), f(int())]\n", b"float(); complex()\n",
    b"x = (\n", b")\n", b"x = = 1\n", b"  x\n", b"\t\tx\n", b"\r\n", b"\n", b"\x0c", b"\\\n", b"\xc3\xa9 = 1\n",
    b"\xff", b"\xef\xbb\xbf", b"# -*- coding: latin-1 -*-\n", b"# -*- coding: nope -*-\n", b"\0", b'x = "\\d"\n',
    b"print 1\n", b"async def g(): await x\n", b'"""', b"x: 'int' = 1\n", b"class A(dict()): pass\n",
    b"@breakpoint()\n", b"match x:\n    case _: pass\n", b'"\\\n"\n', b"return\n", b"\xe2\x80\xa8",
)  # fmt: skip
_CONFLICT = (
    b"<<<<<<< ", b"<<<<<<<", b"=======", b"======= ", b"\n", b"\r\n", b">>>>>>> x\n", b">>>>>>>\n", b"x",
    b"|||||||\n", b"\0", b"=",
)  # fmt: skip
_KEYS = (
    b"-----BEGIN RSA PRIVATE KEY-----\n", b"BEGIN ", b"PRIVATE KEY", b" PRIVATE KEY", b"EC", b"DSA", b"OPENSSH",
    b"PGP", b" BLOCK", b"PuTTY-User-Key-File-2", b"PuTTY-User-Key-File-3", b"SSH2 ENCRYPTED", b"ENCRYPTED",
    b"BEGIN OpenVPN Static key V1", b"\n", b"x", b"V", b"Y",
)  # fmt: skip
_LINKS = (
    b"https://github.com/", b"https://example.com/", b"a/b", b"/blob/", b"master", b"0123abcd", b"/f.py", b"#L1",
    b"#L", b" ", b"\n", b"\r\n", b"https://github.com/a/b/blob/main/f.py#L1",
    b"https://github.com/a/b/blob/v1.0/f.py#L1", b"https://github.com/a/b/blob/abcd/f#L22\n",
    b"https://example.com/a/b/blob/main/f.py#L1", b"\xff",
)  # fmt: skip
_REQUIREMENTS = (
    b"b==1\n", b"a>=2\n", b"A\n", b"a ; x\n", b"# c\n", b"#\n", b"\n", b"  \n", b"b[x]<3 \\\n", b"    --hash=1\n",
    b"-r base.txt\n", b"-e .\n", b"git+https://x#egg=c\n", b"x&egg=D\n", b"pkg-resources==0.0.0\n",
    b"pkg_resources==0.0.0\n", b"c", b"b==1\r\n", b"\r\n", b";x\n", b" a\n", b"    # d\n", b"b!=1\n", b"b~=1 # e\n",
    b"d===1\n", b"\\\n", b"\0\n",
)  # fmt: skip
_SIMPLE_YAML = (
    b"b: 1\n", b"a: 2\n", b"# c\n", b"\n", b"'d': 3\n", b'"c": 4\n', b"  e: 5\n", b"\r\n", b"f: 6", b"   \n",
    b"b: 1  \n", b"\r", b"\xc3\xa9: 1\n", b"\xff", b"\xef\xbb\xbf", b"\x0c", b"\xe2\x80\xa8",
)  # fmt: skip
_SHEBANG = (b"#!", b"#", b"!", b"/bin/sh\n", b"\n", b"x", b"\xef\xbb\xbf")


class Sample(NamedTuple):
    """What files a hook is tried on, and with which arguments."""

    names: tuple[bytes, ...]
    pieces: tuple[bytes, ...]
    args: tuple[tuple[str, ...], ...] = ((),)


_TEXT_NAMES = (b"f.txt", b"a b.md", b"-dash.txt", b"sub/new\nline.MD", b"\xff.txt", b"f.", b"noext")
_PYTHON_NAMES = (b"f.py", b"sub/my file.py", b"\xe9.py")

SAMPLES = {
    "check-ast": Sample(_PYTHON_NAMES, _PYTHON),
    "check-builtin-literals": Sample(
        _PYTHON_NAMES, _PYTHON, ((), ("--ignore=dict,list",), ("--no-allow-dict-kwargs",), ("--allow-dict-kwargs",))
    ),
    "check-docstring-first": Sample(_PYTHON_NAMES, _PYTHON),
    "check-executables-have-shebangs": Sample(_TEXT_NAMES, _SHEBANG),
    "check-json": Sample((b"f.json", b"a b.json"), _JSON),
    "check-merge-conflict": Sample(_TEXT_NAMES, _CONFLICT, ((), ("--assume-in-merge",))),
    "check-shebang-scripts-are-executable": Sample((b"f.txt", b"a b.md", b"-dash.txt", b"noext"), _SHEBANG),
    "check-symlinks": Sample(_TEXT_NAMES, _ANY),
    "check-toml": Sample((b"f.toml",), _TOML),
    "check-vcs-permalinks": Sample(_TEXT_NAMES, _LINKS, ((), ("--additional-github-domain=example.com",))),
    "check-xml": Sample((b"f.xml", b"a b.svg"), _XML),
    "check-yaml": Sample((b"f.yaml", b"a b.yml"), _YAML, ((), ("--multi",), ("--unsafe",), ("-m", "--unsafe"))),
    "debug-statements": Sample(_PYTHON_NAMES, _PYTHON),
    "detect-aws-credentials": Sample(_TEXT_NAMES, (*_ANY, b"AKIAsecret", b"AKIA", b"secret")),
    "detect-private-key": Sample(_TEXT_NAMES, _KEYS),
    "double-quote-string-fixer": Sample(_PYTHON_NAMES, _PYTHON),
    "end-of-file-fixer": Sample(_TEXT_NAMES, _ANY),
    "file-contents-sorter": Sample(
        _TEXT_NAMES, (*_ANY, b"B\n", b"b\n", b"A\r\n"), ((), ("--ignore-case",), ("--unique",))
    ),
    "fix-byte-order-marker": Sample(_TEXT_NAMES, _ANY),
    "mixed-line-ending": Sample(
        _TEXT_NAMES, _ANY, ((), ("--fix=auto",), ("--fix=no",), ("--fix", "lf"), ("--fix=crlf",), ("-f", "cr"))
    ),
    "name-tests-test": Sample(
        (
            b"tests/a_test.py",
            b"tests/test_a.py",
            b"tests/testing.py",
            b"tests/__init__.py",
            b"tests/conftest.py",
            b"tests/\xff_test.py",
        ),
        (b"x",),
        ((), ("--pytest",), ("--pytest-test-first",), ("--django",), ("--unittest",)),
    ),
    "pretty-format-json": Sample(
        (b"f.json", b"a b.json"),
        _JSON,
        (
            (),
            ("--autofix",),
            ("--autofix", "--indent", "4"),
            ("--indent=\t", "--no-sort-keys"),
            ("--autofix", "--no-ensure-ascii"),
            ("--autofix", "--top-keys=b,a", "--no-sort"),
        ),
    ),
    "requirements-txt-fixer": Sample((b"requirements.txt",), _REQUIREMENTS),
    "sort-simple-yaml": Sample((b"f.yaml",), _SIMPLE_YAML),
    "trailing-whitespace": Sample(
        _TEXT_NAMES,
        _ANY,
        (
            (),
            ("--markdown-linebreak-ext=md",),
            ("--markdown-linebreak-ext=*",),
            ("--markdown-linebreak-ext", "txt,.MD"),
            ("--chars= \t",),
            ("--chars", "a"),
            ("--markdown-linebreak-ext=md", "--chars= "),
        ),
    ),
}
"""The hooks whose verdict needs no more than files; the others have scenes of their own."""


def contents(name: str) -> "st.SearchStrategy[bytes]":
    """Files for a hook: its pieces, in any order."""
    return st.lists(st.sampled_from(SAMPLES[name].pieces), max_size=12).map(b"".join)
