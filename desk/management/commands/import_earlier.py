from __future__ import annotations

from typing import Any

from desk.files import earlier
from desk.files.command import FileCommand
from desk.files.staging import stage_earlier


class Command(FileCommand):
    help = (
        "Credit what people did in another system, from a CSV or XLSX file: says what would be credited, and does it "
        "with --apply. Safe to run again. The exit status is 1 if the file or any of its rows was refused."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        staged = self.staged(options["file"], stage_earlier)
        while earlier.judge(staged):
            pass
        self.say_refused(staged)
        self.say("In the file: ", staged)
        if options["apply"]:
            while earlier.bring_in(staged):
                pass
            self.say("Now done: ", staged)
        self.end(staged, options["apply"])
