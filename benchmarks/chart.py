"""A bar chart as SVG, by hand: a picture for the README needs no plotting library."""

from xml.sax.saxutils import escape

_ROW, _LEFT, _WIDTH, _TOP = 26, 190, 420, 44


def bars(title: str, values: "dict[str, float]", highlight: str = "") -> str:
    """Horizontal bars in the order given, the value beside each; one of them may stand out. Light and dark pages."""
    longest = max(values.values()) or 1.0
    height = _TOP + _ROW * len(values) + 12
    rows = []
    for number, (name, value) in enumerate(values.items()):
        y = _TOP + number * _ROW
        length = max(1.0, value / longest * _WIDTH)
        colour = "#2f9e44" if name == highlight else "#868e96"
        rows.append(f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        rows.append(f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="17" fill="{colour}"/>')
        rows.append(f'<text x="{_LEFT + length + 6:.1f}" y="{y + 13}">{value:,.0f}</text>')
    body = "\n  ".join(rows)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 70}" height="{height}"
  font-family="system-ui, sans-serif" font-size="13" fill="#868e96" role="img" aria-label="{escape(title)}">
  <text x="12" y="24" font-size="15" font-weight="600">{escape(title)}</text>
  {body}
</svg>
"""
