"""Keeping a theme: each upload is a version, and the newest is the one that issues are built with."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from mailer.issues.models import OwnTheme, ThemeVersion
from mailer.issues.themes.check import BadTheme, check_own


def keep(theme: OwnTheme, files: Mapping[str, str], by: Any = None, note: str = "") -> ThemeVersion:
    """Keep a theme's templates as its newest version, or return the newest where they are the same.

    Args:
        theme: it may be new; it is saved too then.
        files: source by file name.
        by: the user who uploaded them.
    Raises:
        BadTheme: something is wrong with them. Nothing is kept.
    """
    problems = check_own(files)
    if problems:
        raise BadTheme(problems, files)
    with transaction.atomic():
        if theme.pk is None:
            theme.save()
        OwnTheme.objects.select_for_update().get(pk=theme.pk)
        newest = theme.versions.order_by("-number").first()
        if newest is not None and newest.files == dict(files):
            return newest
        number = (theme.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1
        return ThemeVersion.objects.create(theme=theme, number=number, files=dict(files), by=by, note=note)


def restore(version: ThemeVersion, by: Any = None) -> ThemeVersion:
    """Make an earlier version the newest again, as a version of its own.

    Raises:
        BadTheme: what was allowed then is not any more.
    """
    return keep(version.theme, version.files, by, f"as version {version.number}")
