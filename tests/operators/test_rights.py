"""Who may do what, act by act, and who is an operator at all."""

import pytest

from core.db import Database
from operators import (
    Act,
    NameTaken,
    NotAllowed,
    Role,
    acts_about,
    add_operator,
    change_role,
    dismiss,
    may,
    operator_at,
    operator_named,
    operators_in_office,
    require,
)
from tests.operators.kit import hired

# Written out once more: an act that is new has to be thought about here before anybody may do it.
SUPPORT = {"log_in", "see", "see_number", "answer", "freeze"}
FINANCE = SUPPORT | {
    *("unfreeze", "reset_pin", "see_document", "verify_identity"),
    *("resolve_payment", "release_parked", "resolve_suspense", "reconcile", "compensate"),
}
ADMIN = FINANCE | {"manage_operators"}


@pytest.mark.parametrize(("role", "acts"), [(Role.SUPPORT, SUPPORT), (Role.FINANCE, FINANCE), (Role.ADMIN, ADMIN)])
def test_each_role_does_what_is_its_own_and_nothing_else(role: Role, acts: set[str]):
    assert {act.value for act in Act if may(role, act)} == acts
    assert acts <= {act.value for act in Act}


def test_every_act_is_somebodys():
    assert {act for act in Act if not may(Role.ADMIN, act)} == set()


async def test_whoever_was_dismissed_may_do_nothing_and_their_name_is_free_again(database: Database):
    awa = await hired(database, "Awa", Role.FINANCE)
    require(awa, Act.RESOLVE_PAYMENT)

    async def let_go(session):
        await dismiss(session, await operator_named(session, "Awa"))

    await database.run(let_go)
    async with database.reading() as session:
        assert await operator_named(session, "Awa") is None
        awa = await session.get_one(type(awa), awa.id)
    with pytest.raises(NotAllowed):
        require(awa, Act.SEE)
    again = await hired(database, "Awa", Role.SUPPORT)
    assert again.id != awa.id


async def test_two_operators_in_office_have_neither_one_name_nor_one_address(database: Database):
    await database.run(lambda s: add_operator(s, "Awa", Role.ADMIN, channel="telegram", external_id="7"))
    with pytest.raises(NameTaken):
        await hired(database, "Awa", Role.SUPPORT)
    with pytest.raises(NameTaken):
        await database.run(lambda s: add_operator(s, "Issa", Role.SUPPORT, channel="telegram", external_id="7"))
    async with database.reading() as session:
        assert [each.name for each in await operators_in_office(session)] == ["Awa"]
        found = await operator_at(session, "telegram", "7")
        assert found is not None
        assert found.name == "Awa"
        assert await operator_at(session, "whatsapp", "7") is None


async def test_only_an_admin_says_who_is_an_operator_and_it_is_written_down(database: Database):
    admin, support = await hired(database, "Awa", Role.ADMIN), await hired(database, "Issa", Role.SUPPORT)
    with pytest.raises(NotAllowed):
        await database.run(lambda s: add_operator(s, "Moussa", Role.ADMIN, by=support))

    async def promote(session, by):
        await change_role(session, await operator_named(session, "Issa"), Role.FINANCE, by=by)

    with pytest.raises(NotAllowed):
        await database.run(lambda session: promote(session, support))
    await database.run(lambda session: promote(session, admin))
    async with database.reading() as session:
        added, promoted = await acts_about(session, "operator:Issa")
    assert (added.operator_id, added.detail) == (None, {"did": "added", "role": "support"})
    assert promoted.operator_id == admin.id
    assert promoted.detail == {"did": "role changed", "role": "finance", "before": "support"}
