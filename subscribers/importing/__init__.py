"""Import of subscribers from files: any bytes either are imported or have their reason, row by row."""

from subscribers.importing.errors import CannotImport
from subscribers.importing.importer import import_file
from subscribers.importing.refusals import Note, Refusal
from subscribers.importing.summary import ImportSummary

__all__ = ["CannotImport", "ImportSummary", "Note", "Refusal", "import_file"]
