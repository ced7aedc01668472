"""The agreement of a pairing: texts of the district, signatures of the two."""

from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record
from service.kit.problems import Forbidden
from service.mentoring import queries, rules
from service.mentoring.actions import life_of, side_of, tell
from service.mentoring.problems import AgreementOutdated
from service.mentoring.queries import agreement as reading
from service.mentoring.tables import AgreementText, Pairing
from service.network.access import reaches_district


async def publish_text(db: AsyncSession, *, caller: Caller, title: str, body: str) -> AgreementText:
    """Give the district another text; what was signed keeps its own.

    Raises
    ------
    Forbidden
        Only the district's office writes it.
    AgreementOutdated
        Somebody else has published another one just now.
    """
    if not reaches_district(caller, Permission.MENTORING_WRITE):
        raise Forbidden
    number = (await reading.present_text(db)).number + 1
    row = AgreementText(district_id=caller.district_id, number=number, title=title, body=body)
    db.add(row)
    await db.flush()
    await record(db, "agreement-text.published", row, by=caller)
    return row


async def sign(
    db: AsyncSession,
    *,
    caller: Caller,
    pairing_id: UUID,
    text_number: int,
    expected: Precondition,
) -> Pairing:
    """One of the two signs; when both have, an accepted pairing is signed.

    The first signature decides the text for both.

    Raises
    ------
    NotOneOfTheTwo
        Somebody else would sign.
    PairingStateUnfit
        Not both have accepted, or it is over.
    AgreementOutdated
        Another text was read than the one to be signed.
    """
    pairing = await queries.pairing_in_sight(db, caller=caller, pairing_id=pairing_id)
    side = side_of(pairing, caller=caller)
    expected.check(pairing.version)
    life = life_of(pairing)
    after = rules.sign(life, by=side)
    wording = await reading.text_of(db, pairing=pairing)
    if wording.number != text_number:
        raise AgreementOutdated(text_number=wording.number)
    if after == life:
        return pairing
    text, made = await reading.kept_text(db, district_id=pairing.district_id, wording=wording)
    if made:
        await record(db, "agreement-text.published", text, by=caller)
    values = {
        "agreement_text_id": text.id,
        f"{side.value}_signed_at": clock.now(),
        "state": after.state,
    }
    before = change_fields(pairing, values)
    await db.flush()
    await tell(db, "pairing.signed", pairing, by=caller, before=before)
    return pairing
