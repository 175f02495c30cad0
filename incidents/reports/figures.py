"""The pictures that a report's texts hold, as values."""

import re
from dataclasses import dataclass

# In a text: ![what it shows](figure:name "caption")
FIGURE = re.compile(r'!\[[^\[\]]*\]\(figure:[^()\s]*(?:[ ]+"[^"\n]*")?\)')
# Under this name the writers find the vendor's logo: no figure's name holds a slash.
LOGO = "/logo"


@dataclass(frozen=True)
class Picture:
    """`width` and `height` in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int
