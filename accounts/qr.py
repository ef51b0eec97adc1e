import segno


def qr_path(text: str, border: int = 4) -> tuple[str, int]:
    """A QR code as the `d` of an SVG path, in a square of the returned size with the quiet border that readers need."""
    rows = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(scale=1, border=border)]
    runs = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return "".join(runs), len(rows)
