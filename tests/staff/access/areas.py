"""Who may open what: every address under /staff/ and /account/, by area, as an administrator would say it.

This table stands by itself: it is not made from mailer.staff.access, so that either can be wrong. A new address needs a
row here. A row names the roles that may open it: E editor, A approver, M marketer, D administrator, R read only; and of
what its first argument is the number (a name of `world.World`), where it has one.
"""

from dataclasses import dataclass

ROLES = {"E": "editor", "A": "approver", "M": "marketer", "D": "administrator", "R": "reader"}
ALL, PEOPLE, WRITE, MARKET, ADMIN, NOBODY = "EAMDR", "EAMD", "ED", "MD", "D", ""


@dataclass(frozen=True)
class Row:
    """What some addresses have in common.

    Args:
        names: of addresses; of one without a name its route.
        roles: that may open it, at all newsletters.
        posts: that may post to it, where it shows a form: who may write is often fewer; None: it is not posted to.
        of: of what the first argument is the number.
        post: it is asked by POST: it does something.
        whole: a role at one newsletter alone opens it never.
        query: what is asked for behind the question mark.
        given: what is posted.
    """

    names: str
    roles: str
    of: str = ""
    post: bool = False
    whole: bool = False
    query: str = ""
    given: str = ""
    posts: str | None = None


def model(
    named: str,
    of: str,
    view: str,
    *,
    add: str = NOBODY,
    change: str | None = NOBODY,
    delete: str = NOBODY,
    whole: bool = False,
) -> tuple[Row, ...]:
    """The rows of a model in the admin. Its page is opened by who may view it."""
    return (
        Row(f"admin:{named}_changelist", view, whole=whole),
        Row(f"admin:{named}_add", add, whole=whole or add == ADMIN),
        Row(f"admin:{named}_change", view, of, whole=whole, posts=change),
        Row(f"admin:{named}_history", view, of, whole=whole),
        Row(f"admin:{named}_delete", delete, of, whole=whole or delete == ADMIN),
    )


STAFF: tuple[Row, ...] = (
    # The start page and the sending of issues
    Row("staff:reports staff:issues", ALL),
    Row("staff:issue-new", WRITE, post=True, given="newsletter={newsletter}"),
    Row(
        "staff:issue staff:issue-document staff:issue-backlog staff:issue-versions staff:issue-version staff:test-panel",
        ALL,
        "issue",
    ),
    Row("staff:issue-people staff:test-people", PEOPLE, "issue", query="q=reader"),
    Row("staff:issue-preview staff:issue-presence", ALL, "issue", post=True),
    Row(
        "staff:issue-save staff:issue-links staff:issue-restore staff:issue-duplicate",
        WRITE,
        "issue",
        post=True,
    ),
    Row("staff:approval staff:approval-panel staff:approval-mail staff:approval-numbers", ALL, "issue"),
    Row("staff:approval-ask staff:approval-withdraw", WRITE, "issue", post=True),
    Row("staff:approval-answer", "AD", "issue", post=True),
    Row("staff:test-send", "EAD", "issue", post=True),
    Row("staff:test-lists", ALL, "newsletter"),
    Row("staff:test-list-keep staff:test-list-delete", WRITE, "newsletter", post=True),
    Row(
        "staff:send-page staff:send-people staff:send-forecast staff:send-why staff:send-confirm",
        WRITE,
        "issue",
    ),
    Row("staff:send-go", WRITE, "issue", post=True),
    Row("staff:send staff:send-live staff:send-controls staff:send-figures", ALL, "send"),
    Row("staff:sent-people staff:sent-why", PEOPLE, "send"),
    Row("staff:send-steer", "EAD", "send", post=True),
    # Segments, which all newsletters share
    Row("staff:segments staff:segment-overlap", ALL),
    Row("staff:segment-new", MARKET),
    Row("staff:segment-create staff:segment-count-rule", MARKET, post=True),
    Row("staff:segment-check", ALL, post=True),
    Row("staff:segment-suggest", MARKET),
    Row("staff:segment staff:segment-count", ALL, "segment"),
    Row("staff:segment-save staff:segment-snapshot staff:segment-delete", MARKET, "segment", post=True),
    Row("staff:snapshot-delete", MARKET, "snapshot", post=True),
    # Looks
    Row("staff:look", ALL, "newsletter", posts=ADMIN),
    Row("staff:look-preview", ALL, "newsletter", post=True),
    Row("staff:themes", ALL),
    Row("staff:theme-new", ADMIN),
    Row("staff:theme staff:theme-files", ALL, "theme"),
    Row("staff:theme-restore staff:theme-delete", ADMIN, "theme", post=True, given="version=1"),
    # Stories without an issue, feeds and pictures
    Row("staff:backlog", ALL),
    Row("staff:backlog-story", ALL, "story", posts=WRITE),
    Row("staff:backlog-new", WRITE, "newsletter", posts=WRITE),
    Row(
        "staff:backlog-capture staff:capture staff:backlog-move staff:backlog-delete",
        WRITE,
        "newsletter",
        post=True,
    ),
    Row("staff:feeds", ALL, "newsletter", posts=WRITE),
    Row("staff:feed", WRITE, "feed", posts=WRITE),
    Row("staff:feed-look staff:feed-delete", WRITE, "feed", post=True),
    Row("staff:images", ALL, "newsletter", posts=WRITE),
    # People, and files of them
    Row("staff:people", PEOPLE),
    Row("staff:imports", MARKET),
    Row("staff:import-new", MARKET, posts=MARKET),
    Row("staff:import staff:import-live staff:import-check-live", MARKET, "import"),
    Row("staff:import-columns staff:import-check staff:import-undo", MARKET, "import", posts=MARKET),
    Row("staff:import-refused staff:import-flagged", MARKET, "import"),
    Row(
        "staff:import-go staff:import-stop staff:import-resume staff:import-discard",
        MARKET,
        "import",
        post=True,
    ),
    # Suppressions, which hold for all newsletters
    Row("staff:suppressions", PEOPLE, whole=True),
    Row("staff:suppressions-csv", MARKET, post=True, whole=True),
    Row("staff:suppressions-add", MARKET, posts=MARKET, whole=True),
    # Mailing lists and their forms
    Row("staff:lists", ALL),
    Row("staff:list-counts", ALL, "mailing_list"),
    Row("staff:list-form", ALL, "mailing_list", posts=MARKET),
    Row("staff:list-form-preview", MARKET, "mailing_list", post=True),
    # The audit log
    Row("staff:audit", ADMIN, whole=True),
    Row("staff:audit-csv", ADMIN, post=True, whole=True),
    # Reports
    Row("staff:report staff:report-page staff:report-csv", ALL, "send"),
    Row("staff:report-count", ALL, "send", post=True),
    Row("staff:clickmap staff:clickmap-page", ALL, "send"),
    Row(
        "staff:newsletter-report staff:newsletter-report-page staff:newsletter-report-csv", ALL, "newsletter"
    ),
    Row("staff:newsletter-report-count", ALL, "newsletter", post=True),
    # Models
    *model("issues_newsletter", "newsletter", ALL, add=ADMIN, change=ADMIN, delete=ADMIN),
    # Issues in the admin lead to the builder, which asks
    *model("issues_issue", "issue", ALL, add=ALL, change=None, delete=WRITE),
    *model("delivery_send", "send", ALL),
    *model("delivery_batch", "batch", ALL),
    *model("delivery_submission", "submission", ALL),
    Row("admin:delivery_submission_unknown", ALL),
    Row("admin:delivery_submission_settle", ADMIN, "submission"),
    *model("tracking_event", "event", PEOPLE, whole=True),
    *model("tracking_alert", "alert", ALL, whole=True),
    *model("subscribers_subscriber", "subscriber", PEOPLE, add=MARKET, change=MARKET),
    Row("admin:subscribers_subscriber_facts admin:subscribers_subscriber_timeline", PEOPLE, "subscriber"),
    Row("admin:subscribers_subscriber_export", MARKET, "subscriber"),
    Row("admin:subscribers_subscriber_erase", ADMIN, "subscriber", whole=True),
    *model("subscribers_mailinglist", "mailing_list", ALL, add=ADMIN, change=MARKET),
    Row("admin:subscribers_mailinglist_export", MARKET),
    *model("subscribers_topic", "topic", ALL, add=MARKET, change=MARKET),
    # Segments in the admin lead to their own pages, which ask
    *model("subscribers_segment", "segment", ALL, add=MARKET, change=None, delete=ALL),
    *model("subscribers_consent", "consent", PEOPLE, whole=True),
    *model("subscribers_erasure", "erasure", ADMIN, whole=True),
    *model("subscribers_suppression", "suppression", PEOPLE, add=MARKET, whole=True),
    Row("admin:subscribers_suppression_lift", MARKET, "suppression", whole=True),
    *model("subscribers_lifting", "lifting", PEOPLE, whole=True),
    *model("auth_user", "user", ADMIN, add=ADMIN, change=ADMIN, whole=True),
    Row("admin:auth_user_link admin:auth_user_factor", ADMIN, "user", post=True, whole=True),
)
"""What only some may open."""

OF_THE_STAFF = [
    "staff:start",
    "staff:start-under-way",
    "staff:search",
    "admin:index",
    "admin:search",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:view_on_site",
    "admin:app_list",
]
"""What anybody of the staff may open, because it shows what each may see, or nothing of anybody. Nobody else may."""

ON_THE_WAY = ("admin:login", "admin:logout", "staff/.../<path:object_id>/", "staff/(?P<url>.*)$")
"""What leads elsewhere, and asks there."""

ACCOUNT = [
    "staff_account",
    "account_email",
    "account/email/",
    "account_change_password",
    "account_set_password",
    "account_reauthenticate",
    "account_request_reauthentication_code",
    "account_confirm_reauthentication_code",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
    "socialaccount_connections",
    "account/social/connections/",
]
"""One's own account: of whoever is signed in."""

PUBLIC = [
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_email_verification_sent",
    "account_reset_password",
    "account_confirm_login_code",
    "account_confirm_email",
    "account_reset_password_from_key_done",
    "account_reset_password_from_key",
    "account_reset_password_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "socialaccount_signup",
    "account/social/login/cancelled/",
    "account/social/login/error/",
    "account/social/signup/",
    "openid_connect_login",
    "openid_connect_callback",
]
"""The way in: of anybody, and it shows nothing of the site."""
