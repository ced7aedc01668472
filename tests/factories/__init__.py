"""Rows for tests: one plain async function per noun, in a file per module.

``async def school(db, *, district, name="江东小学", …) -> School`` adds its row (and what the row
needs), flushes and returns it; whatever a test does not care about has a default. A test calls it
as ``await make.school(name="…")``: the ``make`` fixture gives it a session and the district, and
commits.
"""
