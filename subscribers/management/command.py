"""What a command of the store, and of the packages above it, has in common with the others."""

from argparse import RawDescriptionHelpFormatter
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console


class Command(BaseCommand):
    """A command whose help keeps its lines, so that it can show examples as they are typed."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def console(self, width: int = 140) -> Console:
        """Where tables are printed.

        Args:
            width: columns, where the output is no terminal.
        """
        return Console(
            file=cast(IO[str], self.stdout),
            width=None if self.stdout.isatty() else width,
            highlight=False,
        )
