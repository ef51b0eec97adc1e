from itertools import groupby

import segno


def qr_path(text: str, border: int = 4) -> tuple[str, int]:
    """A QR code as the `d` of an SVG path, in a square of the returned size with the quiet border that readers need."""
    rows = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(scale=1, border=border)]
    return "".join(_bars(row, y) for y, row in enumerate(rows)), len(rows)


def _bars(row: list[int], y: int) -> str:
    """The dark runs of a row, each as one bar."""
    drawn, x = [], 0
    for dark, run in groupby(row):
        length = len(list(run))
        if dark:
            drawn.append(f"M{x} {y}h{length}v1h-{length}z")
        x += length
    return "".join(drawn)
