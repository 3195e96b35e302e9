"""What each role may do."""

from mailer.staff.models import RoleName

EVERYTHING = "*"
"""In place of rights: whatever may be asked."""

_LOOK = frozenset(
    {
        "issues.view_newsletter",
        "issues.view_issue",
        "issues.view_story",
        "issues.view_version",
        "issues.view_image",
        "issues.view_feed",
        "issues.view_owntheme",
        "issues.view_themeversion",
        "delivery.view_send",
        "delivery.view_batch",
        "delivery.view_submission",
        "delivery.view_exclusion",
        "delivery.view_approval",
        "delivery.view_testlist",
        "tracking.view_alert",
        "tracking.view_report",
        "subscribers.view_mailinglist",
        "subscribers.view_topic",
        "subscribers.view_segment",
        "subscribers.view_snapshot",
    }
)
"""Figures and content, and nobody's address."""
_PEOPLE = frozenset(
    {
        "subscribers.view_subscriber",
        "subscribers.view_subscription",
        "subscribers.view_suppression",
        "subscribers.view_lifting",
        "subscribers.view_consent",
        "tracking.view_event",
    }
)


def _all(app: str, *models: str) -> frozenset[str]:
    return frozenset(
        f"{app}.{act}_{model}" for model in models for act in ("view", "add", "change", "delete")
    )


RIGHTS: dict[str, frozenset[str]] = {
    RoleName.READER: _LOOK,
    RoleName.EDITOR: _LOOK
    | _PEOPLE
    | _all("issues", "issue", "story", "version", "image", "feed")
    | _all("delivery", "send", "testlist")
    | {"delivery.ask_approval"},
    RoleName.APPROVER: _LOOK | _PEOPLE | {"delivery.change_send", "delivery.answer_approval"},
    RoleName.MARKETER: _LOOK
    | _PEOPLE
    | _all("subscribers", "segment", "snapshot", "import")
    | {
        "subscribers.add_subscriber",
        "subscribers.change_subscriber",
        "subscribers.import_subscriber",
        "subscribers.export_subscriber",
        "subscribers.add_subscription",
        "subscribers.change_subscription",
        "subscribers.change_mailinglist",
        "subscribers.add_suppression",
        "subscribers.lift_suppression",
        "subscribers.add_topic",
        "subscribers.change_topic",
    },
    RoleName.ADMINISTRATOR: frozenset({EVERYTHING}),
}


def gives(role: str, right: str) -> bool:
    """Whether somebody in a role has a right."""
    rights = RIGHTS[role]
    return right in rights or EVERYTHING in rights
