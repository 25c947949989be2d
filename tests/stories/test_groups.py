"""In a group everybody reads everything: nobody's money is ever spoken of there."""

from dataclasses import replace

from tests.stories.conftest import ON_SQLITE
from tests.stories.town import Town

# Groups are Telegram's.
HAPPENS_ON = "telegram"


@ON_SQLITE
async def test_a_wallet_command_in_the_group_leads_to_the_private_chat(town: Town) -> None:
    awa = await town.member("awa", balance=5_000)
    together = awa.in_the_group()
    for command in ("/solde", "/recharger 5000 wave 70 12 34 56", "/historique", "/balance@cauri_bot"):
        await together.says(command)
        await together.hears("Awa Ouédraogo, votre argent ne regarde que vous : continuons en privé.")
        await together.hears_button("Continuer en privé")
    for said in await together.said_to_me():
        assert "F CFA" not in said
        assert "+226" not in said
    # Nothing was begun in her private chat either.
    await awa.says("70 12 34 56")
    await awa.hears("Je n’ai pas compris")
    assert await awa.balance() == 5_000


@ON_SQLITE
async def test_a_hidden_administrator_is_sent_to_the_private_chat_by_nobodys_name(town: Town) -> None:
    awa = await town.member("awa")
    together = awa.in_the_group()
    await together.says("/solde", anonymous=True)
    said = await together.hears("administrateur anonyme", "Écrivez-moi en privé, sous votre nom")
    assert "Awa" not in said


@ON_SQLITE
async def test_a_group_that_became_a_supergroup_is_still_answered(town: Town) -> None:
    awa = await town.member("awa")
    together = awa.in_the_group()
    await together.says("/solde")
    await together.hears("continuons en privé")

    # The answer to what was asked just before cannot be said in the old group any more: it follows to the new one.
    await town.knobs("telegram", faults=[{"kind": "server_error", "method": "sendMessage"}])
    await together.says("/historique")
    moved = await town.sandbox.post("/chat/api/groups/-4100000001/migrate", json={"by": awa.id})
    above = replace(awa, chat=str(moved.json()["id"]), heard={})
    await above.hears("Awa Ouédraogo, votre argent ne regarde que vous")
    await above.says("/aide")
    await above.hears("continuons en privé")
