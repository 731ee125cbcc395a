"""Bar charts as SVG, by hand: a picture for the README needs no plotting library."""

from typing import NamedTuple
from xml.sax.saxutils import escape

_ROW, _TOP, _NAMES, _BAR, _GAP = 26, 66, 190, 100, 84


class Panel(NamedTuple):
    """Bars beside each other's names, of one unit."""

    head: str
    values: "dict[str, float]"


def panels(title: str, shown: "list[Panel]", highlight: str = "") -> str:
    """One row for each name, one column of bars for each panel, values beside them; one name may stand out.

    Fits light and dark pages. A name without a value in a panel has no bar there.
    """
    names = list(dict.fromkeys(name for panel in shown for name in panel.values))
    height = _TOP + _ROW * len(names) + 8
    width = _NAMES + len(shown) * (_BAR + _GAP)
    parts = [_text(_NAMES - 10, _TOP + 14 + row * _ROW, name, 'text-anchor="end"') for row, name in enumerate(names)]
    for column, panel in enumerate(shown):
        left = _NAMES + column * (_BAR + _GAP)
        parts.append(_text(left, _TOP - 12, panel.head))
        longest = max(panel.values.values(), default=0.0) or 1.0
        for row, name in enumerate(names):
            if name in panel.values:
                colour = "#2f9e44" if name == highlight else "#868e96"
                parts += _bar(left, _TOP + row * _ROW, panel.values[name], longest, colour)
    body = "\n  ".join(parts)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"
  font-family="system-ui, sans-serif" font-size="13" fill="#868e96" role="img" aria-label="{escape(title)}">
  <text x="12" y="24" font-size="15" font-weight="600">{escape(title)}</text>
  {body}
</svg>
"""


def _bar(left: int, top: int, value: float, longest: float, colour: str) -> "list[str]":
    length = max(1.0, value / longest * _BAR)
    told = f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
    rect = f'<rect x="{left}" y="{top}" width="{length:.1f}" height="18" fill="{colour}"/>'
    return [rect, _text(left + length + 6, top + 14, told)]


def _text(x: float, y: int, words: str, more: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y}" {more}>{escape(words)}</text>'.replace(" >", ">")
