"""Lists of people as CSV: cells that no spreadsheet takes for a formula, and a file written line by line."""

BOM = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else


class Line:
    """A file for csv.writer that hands each line straight back."""

    def write(self, line: str) -> str:
        return line


def safe(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula; an apostrophe in front says that it is text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
