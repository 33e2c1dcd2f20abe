# SPDX-License-Identifier: Apache-2.0
"""The King James Bible as plain text, from the Debian packages bible-kjv and bible-kjv-text.

One verse per line, chapters separated by an empty line, no verse numbers and no headings. Whole books are kept
apart: HELD_OUT is never trained on and nothing is chosen by it; VALIDATION is watched during training. Neither
book has a parallel account elsewhere in the Bible (as Kings has in Chronicles, or Mark in Matthew), which would
let a model score by heart.
"""

import re
import subprocess

HELD_OUT = "Acts"
VALIDATION = "Est"
_VERSE = re.compile(r"(\d?[A-Za-z]+)(\d+):\d+ (.*)")


def _verses():
    """Yields (book, chapter, text) for every verse in order, blanks normalized."""
    command = ["bible", "-f", "-l100000", "gen1:1-rev22:21"]
    listing = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, text=True).stdout
    for line in listing.splitlines():
        book, chapter, text = _VERSE.fullmatch(line).groups()
        yield book, int(chapter), " ".join(text.split())


def load():
    """Returns (training, validation, held_out) as three strings."""
    books, previous = {}, None
    for book, chapter, text in _verses():
        lines = books.setdefault(book, [])
        if lines and (book, chapter) != previous:
            lines.append("")
        lines.append(text)
        previous = (book, chapter)
    joined = {book: "\n".join(lines) + "\n" for book, lines in books.items()}
    held_out, validation = joined.pop(HELD_OUT), joined.pop(VALIDATION)
    return "\n".join(joined.values()), validation, held_out
