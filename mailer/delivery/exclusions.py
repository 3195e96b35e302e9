"""The one reason why a candidate gets nothing, as SQL: the plan asks it for a list, the claim for a batch."""

from subscribers.models import GRAVEST_FIRST

REASON = """
CASE
    WHEN suppressed.rank = 1 THEN 'complaint'
    WHEN suppressed.rank = 2 THEN 'bounce'
    WHEN suppressed.rank = 3 THEN 'invalid'
    WHEN suppressed.rank = 4 THEN 'unsubscribed_everywhere'
    WHEN suppressed.rank = 5 THEN 'suppressed'
    WHEN subscription.state = 'pending' THEN 'unconfirmed'
    WHEN subscription.state IS DISTINCT FROM 'active' THEN 'unsubscribed'
    WHEN subscription.paused_until > CURRENT_DATE THEN
        CASE subscription.paused_because WHEN 'soft_bounces' THEN 'soft_bounces' ELSE 'paused' END
END
"""
"""Over `subscription` and `suppressed`, which may both be missing. NULL: nothing stands against it.

The first that applies counts, in the order of ExclusionReason.
"""

_GRAVEST_FIRST = ", ".join(f"'{reason.value}'" for reason in GRAVEST_FIRST)
RANK = f"array_position(ARRAY[{_GRAVEST_FIRST}], suppression.reason::text)"
"""The place of a suppression's reason in GRAVEST_FIRST, from 1; the smallest of an address is what REASON takes."""
