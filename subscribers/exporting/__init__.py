"""Export of a list or a segment as CSV, streamed from the database row by row.

An import understands the names of its columns (see subscribers/importing/formats.py): what is exported can be imported
again without change. Whoever was erased is in no export.
"""
