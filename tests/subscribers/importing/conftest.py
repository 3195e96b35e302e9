from pathlib import Path
from typing import Any

import pytest

from subscribers.importing import ImportSummary, import_file
from subscribers.models import MailingList


def run_import(path: Path, mailing_list: MailingList, **options: Any) -> ImportSummary:
    """Args: options: of import_file."""
    return import_file(path, mailing_list, refused_path=path.with_name("refused.csv"), **options)


@pytest.fixture
def weekly(db):
    return MailingList.objects.create(slug="weekly", name="Weekly")


@pytest.fixture
def importing(weekly, tmp_path):
    """Import the text or bytes given, under the name people.csv; returns the summary."""

    def run(
        content: str | bytes, mailing_list: MailingList = weekly, *, name: str = "people.csv", **options: Any
    ) -> ImportSummary:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return run_import(path, mailing_list, **options)

    return run
