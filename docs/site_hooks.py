"""What the site needs beyond the pages: files of the repository that pages link to lie outside of a site's folder."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>\.\./[^)\s#]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_other: object) -> str:
    """A link out of docs/ (the example, the changelog) becomes the name of that file."""
    here = Path(page.file.abs_src_path).parent

    def outside(link: "re.Match[str]") -> str:
        target = (here / link["target"]).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return link[0]
        return f"{link['text']} (`{target.relative_to(ROOT)}` in the repository)"

    return _LINK.sub(outside, markdown)
