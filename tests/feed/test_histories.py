"""Whatever happens, in whatever order: a replica comes to what the tables are."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.feed.world import world

STEPS = (
    *("rename", "lay", "lay", "cancel", "hand", "hand", "decide", "join", "transfer"),
    *("start", "finish", "read_all", "read_all", "read_a_page", "read_a_page", "trim", "restore"),
)
number = st.integers(min_value=0, max_value=40)
histories = st.lists(st.tuples(st.sampled_from(STEPS), number, number), max_size=30)


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories)
async def test_a_replica_is_what_the_tables_are_after_any_history(
    make, as_, database, replicas, differing, history
):
    here = await world(make, as_, database, replicas)

    for step, one, other in history:
        await getattr(here, step)(one, other)
    await here.end()

    for name, (client, replica) in here.followers.items():
        assert await differing(client, replica) == [], name
    _, whole = here.followers["district"]
    for collection, versions in (await here.tables()).items():
        assert whole.versions(collection) == versions
