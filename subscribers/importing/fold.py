"""Rows of a chunk with the same address (without case) made one: of each field the last row that has a value counts."""

from typing import Any

REPEATED = """
CREATE TEMPORARY TABLE import_repeated ON COMMIT DROP AS
SELECT key, min(line) AS line FROM import_staged GROUP BY key HAVING count(*) > 1
"""

# The last value of a field is the greatest of line number and value put together: no sort, and constant
# memory however often an address is repeated.
_LAST = """
coalesce(substr(max(lpad(line::text, 12, '0') || {field}::text COLLATE "C")
    FILTER (WHERE {field} <> '{empty}'), 13), '{empty}')
"""
FOLD_REPEATED = f"""
UPDATE import_staged SET
    first_name = folded.first_name, last_name = folded.last_name, language = folded.language,
    time_zone = folded.time_zone, country = folded.country, topic_ids = folded.topic_ids::int[],
    attributes = coalesce(folded_attributes.attributes, '{{}}')
FROM import_repeated
JOIN (
    SELECT key,
        {_LAST.format(field="first_name", empty="")} AS first_name,
        {_LAST.format(field="last_name", empty="")} AS last_name,
        {_LAST.format(field="language", empty="")} AS language,
        {_LAST.format(field="time_zone", empty="")} AS time_zone,
        {_LAST.format(field="country", empty="")} AS country,
        {_LAST.format(field="topic_ids", empty="{}")} AS topic_ids
    FROM import_staged WHERE key IN (SELECT key FROM import_repeated) GROUP BY key
) folded USING (key)
LEFT JOIN (
    SELECT staged.key, jsonb_object_agg(pair.key, pair.value ORDER BY staged.line) AS attributes
    FROM import_staged staged, jsonb_each(staged.attributes) pair
    WHERE staged.key IN (SELECT key FROM import_repeated) GROUP BY staged.key
) folded_attributes USING (key)
WHERE import_staged.line = import_repeated.line
"""

DROP_REPEATED = """
DELETE FROM import_staged USING import_repeated
WHERE import_staged.key = import_repeated.key AND import_staged.line <> import_repeated.line
"""


def fold_repeated(cursor: Any) -> None:
    """Fold the rows of the table import_staged into the first of each address."""
    cursor.execute(REPEATED)
    if cursor.rowcount:
        cursor.execute("ANALYZE import_staged")
        cursor.execute("ANALYZE import_repeated")
        cursor.execute(FOLD_REPEATED)
        cursor.execute(DROP_REPEATED)
