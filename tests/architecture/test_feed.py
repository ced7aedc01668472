"""Whatever is recorded in the feed can be read from it."""

from collections.abc import Mapping

from service import wiring
from service.kit.tables import Table
from tests.architecture.conftest import models_under

NOT_SERVED: Mapping[str, str] = {
    "accounts": "who may sign in is the installation's own; it is administered, not replicated",
    "calendar-feeds": "whether a teacher's calendar is read by an app is that teacher's own",
    "clients": "partners are administered like accounts",
    "closed-months": "that a month is settled is told with what was counted for it",
    "grants": "hats are administered with the accounts that wear them",
    "imports": "a workbook on its way; what it brings into the district is in the feed",
    "sessions": "where somebody is signed in is theirs alone",
    "webhook-deliveries": "what was sent is no change of what was told",
    "webhook-endpoints": "receivers are administered like the clients they belong to",
    "weekly-slots": "a pattern is told by the lessons that are laid from it",
}
"""Collections that are kept out of the feed, and why."""


def test_every_collection_has_a_reader_or_a_reason_to_have_none(every_module):
    """A new one joins with an entry in ``READERS`` of its module's ``readers.py``."""
    recorded = {
        model.__collection__
        for model in models_under(Table)
        if model.__module__.startswith("service.")  # tests of the kit have a table of their own
    } - {""}
    served = wiring.readers().keys()

    assert sorted(recorded - served - NOT_SERVED.keys()) == []
    assert sorted(served - recorded) == []
    assert sorted(served & NOT_SERVED.keys()) == []


def test_every_reader_is_of_a_table_with_versions(every_module):
    for reader in wiring.readers().values():
        assert {"id", "version"} <= set(reader.table.__table__.columns.keys())
