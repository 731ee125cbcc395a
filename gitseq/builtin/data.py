"""JSON, TOML, XML and YAML: whether a file can be parsed.

The parsers are the ones that pre-commit-hooks calls, so that verdicts and messages are the same.
"""

import io

from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, MEBIBYTE, SHARED, File, Finding, PerFile, finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BOM = b"\xef\xbb\xbf"
_JSON_BLANKS = " \t\n\r"


class Json(PerFile):
    """Finds JSON that cannot be parsed or that names a key twice."""

    limit = 128 * MEBIBYTE

    def check(self, file: File, content: bytes) -> Finding:
        """The parser's reason."""
        if _is_plain_json(content):
            return CLEAN
        from json import loads

        try:
            loads(content, object_pairs_hook=_without_duplicates)
        except ValueError as error:
            return _failed(file, f": Failed to json decode ({error})")
        return CLEAN


def _without_duplicates(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: "set[str]" = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"Duplicate key: {key}")
            seen.add(key)
    return found


class _Decoder:
    """What the scanner of `json` asks its decoder for."""

    strict = True
    object_hook = None
    object_pairs_hook = staticmethod(_without_duplicates)
    parse_float = float
    parse_int = int

    @staticmethod
    def parse_constant(_name: str) -> float:
        """NaN and the two infinities are numbers to Python."""
        return 0.0


def _is_plain_json(content: bytes) -> bool:
    """Whether the scanner of `json` itself takes all of a UTF-8 text. Where it does not, `json` is asked what is wrong.

    To load `json` takes as long as to check a hundred files: it compiles regular expressions that errors alone need.
    """
    if len(content) > SHARED or content[:3] == _BOM or b"\0" in content[:2]:  # it may be in another encoding
        return False
    decoder: "Any" = _Decoder
    try:
        from _json import make_scanner

        text = content.decode().strip(_JSON_BLANKS)
        return bool(make_scanner(decoder)(text, 0)[1] == len(text))
    except Exception:  # noqa: BLE001 - whatever is wrong, `json` says it better
        return False


class Toml(PerFile):
    """Finds TOML that cannot be parsed."""

    most_dots = 5000
    """On one line: memory for a dotted key grows with the square of its parts, and 100,000 parts take all there is."""

    @classmethod
    def prepare(cls, index: bytes) -> None:
        """The parser takes 10 ms to import; a path ends in a NUL there."""
        if b".toml\0" in index:
            _toml()

    def check(self, file: File, content: bytes) -> Finding:
        """The parser's reason."""
        parser = _toml()
        text = content.decode()
        if text.count(".") > self.most_dots and any(line.count(".") > self.most_dots for line in text.split("\n")):
            return _failed(file, f": has a line with more than {self.most_dots} dots, too many to be checked")
        try:
            parser.loads(text)
        except parser.TOMLDecodeError as error:
            return _failed(file, f": {error}")
        return CLEAN


def _toml() -> "Any":
    import sys

    return __import__("tomllib" if sys.version_info >= (3, 11) else "tomli")


class Xml(PerFile):
    """Finds XML that cannot be parsed. Nothing outside the file is read, and entities cannot be blown up."""

    def check(self, file: File, content: bytes) -> Finding:
        """The parser's reason."""
        return self._parsed(file, io.BytesIO(content))

    def check_large(self, file: File) -> Finding:
        """The same, read as it is parsed."""
        with open(file.location, "rb") as stream:
            return self._parsed(file, stream)

    def _parsed(self, file: File, stream: "Any") -> Finding:
        import xml.sax
        from pyexpat import version_info
        from xml.sax import handler

        parser = xml.sax.make_parser()  # noqa: S317 - expat limits entities, or we forbid them; nothing else is read
        if version_info < (2, 4, 1):  # an old expat lets a few lines expand into gigabytes
            parser.setProperty(handler.property_declaration_handler, _NoEntities())
        source = xml.sax.InputSource(file.path.decode("utf-8", "surrogateescape"))
        source.setByteStream(stream)
        try:
            parser.parse(source)
        except xml.sax.SAXException as error:
            return _failed(file, f": Failed to xml parse ({error})")
        return CLEAN


class _NoEntities:
    """Refuses a document that declares entities of its own."""

    def internalEntityDecl(self, name: str, value: str) -> None:  # noqa: N802, ARG002 - the names are SAX's
        raise ValueError("declares entities, which this version of expat cannot expand safely")

    def externalEntityDecl(self, *_named: object) -> None:  # noqa: N802
        return

    def attributeDecl(self, *_named: object) -> None:  # noqa: N802
        return

    def elementDecl(self, *_named: object) -> None:  # noqa: N802
        return


class Yaml(PerFile):
    """Finds YAML that cannot be loaded; with `--unsafe` only what is no YAML at all."""

    options = (
        Option(("-m", "--multi", "--allow-multiple-documents"), "multi", False, const=True),
        Option(("--unsafe",), "unsafe", False, const=True),
    )
    limit = 16 * MEBIBYTE

    def __init__(self, *, multi: bool, unsafe: bool) -> None:
        self._multi = multi
        self._unsafe = unsafe

    def check(self, file: File, content: bytes) -> Finding:
        """The parser's reason, which names the file."""
        import warnings

        from gitseq.builtin import yamlload

        loader = yamlload.loader()  # a new one: %YAML of one file would be in force in the next
        stream = io.TextIOWrapper(_Named(content, file.path.decode("utf-8", "surrogateescape")), encoding="UTF-8")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._load(loader, stream)
        except yamlload.YAMLError as error:
            return finding(str(error).encode("utf-8", "surrogateescape"))
        return CLEAN

    def _load(self, loader: "Any", stream: "io.TextIOWrapper") -> None:
        if self._unsafe:
            _exhaust(loader.parse(stream))
        elif self._multi:
            _exhaust(loader.load_all(stream))
        else:
            loader.load(stream)


class _Named(io.BytesIO):
    """Bytes with the name of the file they come from, which the parser's messages show."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def _exhaust(items: "Any") -> None:
    for _ in items:
        pass


def _failed(file: File, reason: str) -> Finding:
    return finding(file.path + reason.encode("utf-8", "surrogateescape"))
