"""The numbers of rows, as addresses and forms bring them: anything may stand there."""

LARGEST = 2**63 - 1  # that both databases can compare an id with


def row_number(text: str) -> int:
    """The number a text says; 0, which no row has, for anything that is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
