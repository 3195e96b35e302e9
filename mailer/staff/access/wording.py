"""What each role may do, in plain words."""

from mailer.staff.models import RoleName

SAYS: dict[str, str] = {
    RoleName.EDITOR: "Writes issues and stories, asks for approval, sends tests and issues, pauses and cancels sends. "
    "Sees subscribers, but does not change them.",
    RoleName.APPROVER: "Reads everything an editor writes, approves an issue or sends it back, and may pause, resume and "
    "cancel a send. Writes nothing.",
    RoleName.MARKETER: "Imports and exports subscribers, corrects them, puts them on lists and takes them off, builds segments, "
    "reads reports. Writes and sends no issues.",
    RoleName.ADMINISTRATOR: "May do everything: an editor's, an approver's and a marketer's work, and the newsletter's "
    "settings. At all newsletters also users and roles, suppressions, erasures and the audit log.",
    RoleName.READER: "Looks at issues, sends and reports. Sees nobody's address and changes nothing.",
}
"""By role. It has to say what `roles.RIGHTS` gives."""


def says(name: str) -> str:
    """What somebody in a role may do."""
    return SAYS[name]


def all_roles() -> list[tuple[str, str]]:
    """Each role's name with what it may do, for the page that explains them."""
    return [(RoleName(name).label, words) for name, words in SAYS.items()]
