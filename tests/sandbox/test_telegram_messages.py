"""Sending, editing and deleting through unmodified python-telegram-bot, within Telegram's limits."""

import base64

import pytest
from telegram import (
    BotCommand,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from tests.sandbox.telegram_town import AWA, GROUP, KOFFI, MOUSSA, Town, complaining, opened_town

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080014001e01011100")
YES = InlineKeyboardMarkup([[InlineKeyboardButton("Oui", callback_data="yes")]])


@pytest.fixture
async def town(tmp_path):
    async with opened_town(tmp_path) as town:
        await town.begin("awa")
        yield town


def button(**action: object) -> dict:
    return {"inline_keyboard": [[{"text": "Bouton", **action}]]}


async def test_get_me_names_the_bot(town: Town):
    me = await town.bot.get_me()

    assert (me.id, me.username, me.is_bot) == (100_000_001, "cauri_bot", True)


async def test_a_formatted_text_reaches_the_person(town: Town):
    sent = await town.bot.send_message(AWA, "Solde : <b>5 000 F CFA</b> 🐚 <i>a &amp; b</i>", parse_mode="HTML")

    last = await town.last()
    assert sent.text == "Solde : 5 000 F CFA 🐚 a & b"
    assert [entity.type for entity in sent.entities] == ["bold", "italic"]
    assert sent.parse_entity(sent.entities[1]) == "a & b"
    assert last["html"] == "Solde : <b>5 000 F CFA</b> 🐚 <i>a &amp; b</i>"
    assert last["from"]["is_bot"]


async def test_a_json_body_works_as_well_as_a_form(town: Town):
    answer = await town.call("sendMessage", chat_id=AWA, text="Bonjour", reply_markup=button(callback_data="x"))

    assert answer["result"]["text"] == "Bonjour"
    assert answer["result"]["reply_markup"] == button(callback_data="x")


async def test_methods_are_found_in_any_case_and_by_get(town: Town):
    answer = await town.people.get(f"{town.base}/telegram/bot{town.bot.token}/SENDMESSAGE?chat_id={AWA}&text=salut")

    assert answer.json()["result"]["text"] == "salut"


async def test_an_unknown_method_is_404(town: Town):
    answer = await town.call("sendTelepathy")

    assert answer == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_a_wrong_token_is_401(town: Town):
    assert await town.call("getMe", token="1:wrong") == {
        "ok": False,
        "error_code": 401,
        "description": "Unauthorized",
    }
    assert (await town.people.get(f"{town.base}/telegram/file/bot1:wrong/files/x")).status_code == 401


async def test_python_telegram_bot_calls_a_wrong_token_invalid(town: Town):
    other = type(town.bot)("1:wrong", base_url=f"{town.base}/telegram/bot")

    with pytest.raises(InvalidToken):
        await other.initialize()
    await other.shutdown()


async def test_a_picture_and_a_document_can_be_sent_and_downloaded(town: Town):
    photo = await town.bot.send_photo(AWA, PIXEL, caption="Votre <b>reçu</b>", parse_mode="HTML")
    document = await town.bot.send_document(AWA, b"date;montant", filename="historique.csv")

    assert (photo.photo[0].width, photo.photo[0].height) == (1, 1)
    assert photo.caption == "Votre reçu"
    downloaded = await (await town.bot.get_file(document.document.file_id)).download_as_bytearray()
    assert bytes(downloaded) == b"date;montant"
    shown = await town.last()
    assert shown["document"]["file_name"] == "historique.csv"
    fetched = await town.people.get(f"{town.base}/chat/api/files/{photo.photo[0].file_id}")
    assert fetched.content == PIXEL


async def test_a_file_can_be_sent_again_by_its_id(town: Town):
    first = await town.bot.send_photo(AWA, JPEG)

    again = await town.bot.send_photo(AWA, first.photo[0].file_id)

    assert (again.photo[0].width, again.photo[0].height) == (30, 20)


@pytest.mark.parametrize(
    ("photo", "complaint"),
    [
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (b"\x89PNG\r\n\x1a\n", "IMAGE_PROCESS_FAILED"),
        (b"\xff\xd8\xff", "IMAGE_PROCESS_FAILED"),
        ("http://127.0.0.1/picture.png", "failed to get HTTP URL content"),
        ("unknown-id", "wrong file identifier/HTTP URL specified"),
    ],
)
async def test_what_is_not_a_picture_is_refused(town: Town, photo, complaint: str):
    with complaining(BadRequest, complaint):
        await town.bot.send_photo(AWA, photo)


async def test_files_that_do_not_exist_are_refused(town: Town):
    with complaining(BadRequest, "invalid file_id"):
        await town.bot.get_file("unknown")
    answer = await town.people.get(f"{town.base}/telegram/file/bot{town.bot.token}/files/unknown")
    assert answer.status_code == 404
    assert (await town.people.get(f"{town.base}/chat/api/files/unknown")).status_code == 404
    assert (await town.call("sendPhoto", chat_id=AWA))["description"].endswith("there is no photo in the request")
    missing = await town.call("sendPhoto", chat_id=AWA, photo="attach://nowhere")
    assert missing["description"].endswith("attached file was not found in the request")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "message text is empty"),
        ("   \n ", "text must be non-empty"),
        ("<b> </b>", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
        ("🐚" * 2049, "message is too long"),
        ("<b>oubli", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("5 < 6", 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
    ],
)
async def test_texts_outside_the_limits_are_refused(town: Town, text: str, complaint: str):
    answer = await town.call("sendMessage", chat_id=AWA, text=text, parse_mode="HTML")

    assert answer["error_code"] == 400
    assert answer["description"] == f"Bad Request: {complaint}"


async def test_the_markup_does_not_count_for_the_length(town: Town):
    sent = await town.bot.send_message(AWA, f"<b>{'x' * 4096}</b>", parse_mode="HTML")

    assert len(sent.text) == 4096


async def test_a_caption_has_1024_characters_at_most(town: Town):
    await town.bot.send_photo(AWA, PIXEL, caption="x" * 1024)

    with complaining(BadRequest, "message caption is too long"):
        await town.bot.send_photo(AWA, PIXEL, caption="x" * 1025)


async def test_markdown_is_refused_rather_than_misread(town: Town):
    with complaining(BadRequest, "unsupported parse_mode"):
        await town.bot.send_message(AWA, "*gras*", parse_mode="MarkdownV2")


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        (button(callback_data=""), "BUTTON_DATA_INVALID"),
        (button(callback_data="é" * 33), "BUTTON_DATA_INVALID"),
        (button(), "Text buttons are unallowed in the inline keyboard"),
        (button(url="ftp://example.org/x"), "is invalid: Wrong HTTP URL"),
        (button(url="http://nodots/"), "is invalid: Wrong HTTP URL"),
        (button(copy_text={"text": ""}), "BUTTON_COPY_TEXT_INVALID"),
        (button(web_app={"url": "http://example.org/x"}), "Only HTTPS links are allowed"),
        (button(web_app={}), "Only HTTPS links are allowed"),
        ({"inline_keyboard": [[{"text": " ", "callback_data": "x"}]]}, "button text must be non-empty"),
        ({"inline_keyboard": ["x"]}, "the keyboard must be an Array of Arrays"),
        ({"inline_keyboard": [["x"]]}, "inline keyboard button must be an Object"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}, "reply markup is too long"),
        ({"keyboard": [[7]]}, "keyboard button must be a String or an Object"),
        ({"keyboard": [[{"text": ""}]]}, "keyboard button text must be non-empty"),
        ({"keyboard": [["x"]], "inline_keyboard": []}, "can't parse reply keyboard markup JSON object"),
        ("{", "can't parse reply_markup JSON object"),
        ("[1]", "object expected as reply markup"),
    ],
)
async def test_keyboards_outside_the_rules_are_refused(town: Town, markup, complaint: str):
    answer = await town.call("sendMessage", chat_id=AWA, text="x", reply_markup=markup)

    assert answer["error_code"] == 400
    assert complaint in answer["description"]


@pytest.mark.parametrize(
    "action",
    [
        {"callback_data": "x" * 64},
        {"url": "https://example.org/a"},
        {"url": "http://127.0.0.1:8100/getmipay/pay/1"},
        {"url": "http://localhost/x"},
        {"url": "tg://user?id=1"},
        {"copy_text": {"text": "REF-1"}},
        {"switch_inline_query": ""},
        {"web_app": {"url": "https://example.org/app"}},
        {"web_app": {"url": "http://127.0.0.1:8000/pin/x"}},
    ],
)
async def test_keyboards_within_the_rules_are_kept(town: Town, action: dict):
    answer = await town.call("sendMessage", chat_id=AWA, text="x", reply_markup=button(**action))

    assert answer["result"]["reply_markup"] == button(**action)


async def test_a_mini_app_opens_in_private_chats_only(town: Town):
    markup = button(web_app={"url": "https://example.org/app"})
    answer = await town.call("sendMessage", chat_id=GROUP, text="x", reply_markup=markup)

    assert (answer["error_code"], "BUTTON_TYPE_INVALID" in answer["description"]) == (400, True)


async def test_a_hundred_buttons_are_enough(town: Town):
    rows = [[InlineKeyboardButton("x", callback_data="x")] * 4] * 25

    sent = await town.bot.send_message(AWA, "Choisissez", reply_markup=InlineKeyboardMarkup(rows))

    assert sum(len(row) for row in sent.reply_markup.inline_keyboard) == 100


async def test_a_contact_is_requested_in_private_chats_only(town: Town):
    ask = ReplyKeyboardMarkup([[KeyboardButton("Mon numéro", request_contact=True)]])

    await town.bot.send_message(AWA, "Votre numéro ?", reply_markup=ask)

    with complaining(BadRequest, "phone number can be requested in private chats only"):
        await town.bot.send_message(GROUP, "Votre numéro ?", reply_markup=ask)
    where = ReplyKeyboardMarkup([[KeyboardButton("Où ?", request_location=True)]])
    with complaining(BadRequest, "location can be requested in private chats only"):
        await town.bot.send_message(GROUP, "Où ?", reply_markup=where)


async def test_a_reply_keyboard_stays_until_it_is_removed(town: Town):
    await town.bot.send_message(AWA, "Quand ?", reply_markup=ReplyKeyboardMarkup([["Demain"]]))
    shown = await town.get("people/awa/chats/private/messages")
    await town.bot.send_message(AWA, "Merci", reply_markup=ReplyKeyboardRemove())
    removed = await town.get("people/awa/chats/private/messages")

    assert shown["keyboard"]["keyboard"] == [[{"text": "Demain"}]]
    assert removed["keyboard"] is None


async def test_a_selective_keyboard_is_for_those_it_names(town: Town):
    keyboard = ReplyKeyboardMarkup([["Oui"]], selective=True)
    await town.bot.send_message(GROUP, "@moussa_traore d’accord ?", reply_markup=keyboard)

    awa = await town.get(f"people/awa/chats/{GROUP}/messages")
    moussa = await town.get(f"people/moussa/chats/{GROUP}/messages")

    assert awa["keyboard"] is None
    assert moussa["keyboard"]["selective"] is True


async def test_a_selective_answer_is_for_the_one_answered(town: Town):
    said = await town.say("moussa", "/solde", chat=GROUP)
    await town.bot.send_message(
        GROUP, "Combien ?", reply_markup=ForceReply(selective=True), reply_to_message_id=said["message_id"]
    )

    assert (await town.get(f"people/awa/chats/{GROUP}/messages"))["keyboard"] is None
    assert (await town.get(f"people/moussa/chats/{GROUP}/messages"))["keyboard"]["force_reply"] is True


async def test_an_edit_changes_the_message_in_place(town: Town):
    sent = await town.bot.send_message(AWA, "⏳ En attente", reply_markup=YES)

    edited = await town.bot.edit_message_text("✅ Reçu", AWA, sent.message_id)

    last = await town.last()
    assert edited.message_id == sent.message_id == last["message_id"]
    assert edited.reply_markup is None
    assert edited.edit_date is not None
    assert (last["text"], last["edited"], last["inline_keyboard"]) == ("✅ Reçu", True, [])


async def test_an_edit_that_changes_nothing_is_refused(town: Town):
    sent = await town.bot.send_message(AWA, "Bonjour", reply_markup=YES)

    with complaining(BadRequest, "message is not modified: specified new message content"):
        await town.bot.edit_message_text("Bonjour", AWA, sent.message_id, reply_markup=YES)
    with complaining(BadRequest, "message is not modified"):
        await town.bot.edit_message_reply_markup(AWA, sent.message_id, reply_markup=YES)


async def test_buttons_alone_can_be_edited_and_taken_away(town: Town):
    sent = await town.bot.send_message(AWA, "Bonjour")

    with_buttons = await town.bot.edit_message_reply_markup(AWA, sent.message_id, reply_markup=YES)
    without = await town.bot.edit_message_reply_markup(AWA, sent.message_id, reply_markup=InlineKeyboardMarkup([]))

    assert with_buttons.reply_markup == YES
    assert without.reply_markup is None


async def test_captions_and_pictures_can_be_edited(town: Town):
    sent = await town.bot.send_photo(AWA, PIXEL, caption="Avant")

    captioned = await town.bot.edit_message_caption(AWA, sent.message_id, caption="Après")
    document = await town.bot.edit_message_media(
        InputMediaDocument(b"a;b", filename="a.csv", caption="<i>csv</i>", parse_mode="HTML"), AWA, sent.message_id
    )
    photo = await town.bot.edit_message_media(InputMediaPhoto(PIXEL), AWA, sent.message_id)

    assert captioned.caption == "Après"
    assert (document.document.file_name, document.caption) == ("a.csv", "csv")
    assert photo.photo[0].width == 1


async def test_the_wrong_kind_of_edit_is_refused(town: Town):
    text = await town.bot.send_message(AWA, "Texte")
    photo = await town.bot.send_photo(AWA, PIXEL)

    with complaining(BadRequest, "there is no caption in the message to edit"):
        await town.bot.edit_message_caption(AWA, text.message_id, caption="x")
    with complaining(BadRequest, "there is no text in the message to edit"):
        await town.bot.edit_message_text("x", AWA, photo.message_id)
    answer = await town.call(
        "editMessageMedia", chat_id=AWA, message_id=photo.message_id, media={"type": "video", "media": "x"}
    )
    assert "type photo or document is expected" in answer["description"]
    answer = await town.call(
        "editMessageText", chat_id=AWA, message_id=text.message_id, text="x", reply_markup={"remove_keyboard": True}
    )
    assert answer["description"].endswith("inline keyboard expected")


async def test_only_the_bots_own_messages_without_reply_keyboard_can_be_edited(town: Town):
    said = await town.say("awa", "Bonjour")
    asked = await town.bot.send_message(AWA, "Quand ?", reply_markup=ReplyKeyboardMarkup([["Demain"]]))

    for message_id in (said["message_id"], asked.message_id):
        with complaining(BadRequest, "message can't be edited"):
            await town.bot.edit_message_text("x", AWA, message_id)


async def test_missing_messages_are_told_apart(town: Town):
    sent = await town.bot.send_message(AWA, "Bonjour")
    assert await town.bot.delete_message(AWA, sent.message_id)

    with complaining(BadRequest, "message to edit not found"):
        await town.bot.edit_message_text("x", AWA, sent.message_id)
    with complaining(BadRequest, "message to delete not found"):
        await town.bot.delete_message(AWA, sent.message_id)
    with complaining(BadRequest, "message to be replied not found"):
        await town.bot.send_message(AWA, "x", reply_parameters=ReplyParameters(sent.message_id))
    assert (await town.call("editMessageText", chat_id=AWA, text="x"))["description"].endswith(
        "message identifier is not specified"
    )
    assert sent.message_id not in [message["message_id"] for message in await town.messages()]


async def test_an_answer_quotes_what_it_answers(town: Town):
    said = await town.say("awa", "Combien ?")

    answer = await town.bot.send_message(AWA, "5 000 F", reply_parameters=ReplyParameters(said["message_id"]))
    forgiven = await town.bot.send_message(
        AWA, "x", reply_parameters=ReplyParameters(999_999, allow_sending_without_reply=True)
    )

    assert answer.reply_to_message.text == "Combien ?"
    assert (await town.messages())[-2]["reply_to"]["text"] == "Combien ?"
    assert forgiven.reply_to_message is None


async def test_in_a_group_only_an_administrator_deletes_what_others_wrote(town: Town):
    said = await town.say("moussa", "Bonjour", chat=GROUP)

    with complaining(BadRequest, "message can't be deleted"):
        await town.bot.delete_message(GROUP, said["message_id"])
    await town.post(f"groups/{GROUP}/bot", by=AWA, status="administrator")
    assert await town.bot.delete_message(GROUP, said["message_id"])


async def test_nobody_is_written_to_who_did_not_begin(town: Town):
    with complaining(Forbidden, "bot can't initiate conversation with a user"):
        await town.bot.send_message(KOFFI, "Bonjour")
    with complaining(BadRequest, "Chat not found"):
        await town.bot.send_message(42, "Bonjour")
    with complaining(BadRequest, "Chat not found"):
        await town.bot.send_message("@somewhere", "Bonjour")
    assert (await town.call("sendMessage", text="x"))["description"] == "Bad Request: chat_id is empty"


async def test_a_person_who_blocks_the_bot_gets_nothing(town: Town):
    sent = await town.bot.send_message(AWA, "Bonjour")
    await town.post("people/awa/block")

    with complaining(Forbidden, "bot was blocked by the user"):
        await town.bot.send_message(AWA, "Encore")
    with complaining(Forbidden, "bot was blocked by the user"):
        await town.bot.edit_message_text("Encore", AWA, sent.message_id)


async def test_a_removed_bot_cannot_write_to_the_group(town: Town):
    await town.post(f"groups/{GROUP}/bot", by=AWA, status="kicked")

    with complaining(Forbidden, "bot was kicked from the group chat"):
        await town.bot.send_message(GROUP, "Bonjour")
    await town.post(f"groups/{GROUP}/bot", by=AWA, status="left")
    with complaining(Forbidden, "bot is not a member of the group chat"):
        await town.bot.send_message(GROUP, "Bonjour")


async def test_a_migrated_group_tells_its_new_id(town: Town):
    supergroup = (await town.post(f"groups/{GROUP}/migrate", by=AWA)).json()

    with pytest.raises(ChatMigrated) as migrated:
        await town.bot.send_message(GROUP, "Bonjour")
    assert migrated.value.new_chat_id == supergroup["id"]
    assert (await town.bot.send_message(supergroup["id"], "Bonjour")).chat.type == "supergroup"


async def test_chat_actions_are_shown(town: Town):
    before = (await town.get("people/awa/chats/private/messages"))["change"]

    assert await town.bot.send_chat_action(AWA, "typing")

    news = await town.get("wait", person="awa", after=before)
    assert [(change["kind"], change["action"]) for change in news["changes"]] == [("typing", "typing")]
    assert "wrong parameter action" in (await town.call("sendChatAction", chat_id=AWA, action="dance"))["description"]


async def test_protected_content_is_marked(town: Town):
    sent = await town.bot.send_message(AWA, "Secret", protect_content=True)

    assert sent.has_protected_content


async def test_integers_and_json_that_are_none_are_refused(town: Town):
    assert (
        "message_id must be an integer"
        in (await town.call("deleteMessage", chat_id=AWA, message_id="seven"))["description"]
    )
    wrong = await town.call("sendMessage", chat_id=AWA, text="x", reply_parameters="[1]")
    assert "object expected as reply_parameters" in wrong["description"]
    assert "an Array is expected" in (await town.call("setMyCommands", commands='{"a": 1}'))["description"]
    broken = await town.people.post(
        f"{town.base}/telegram/bot{town.bot.token}/getMe",
        content=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert broken.json()["description"] == "Bad Request: can't parse JSON object"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"chat_id": "--5"}, "chat not found"),
        ({"chat_id": "²"}, "chat not found"),
        ({"chat_id": "9" * 30}, "chat not found"),
        ({"entities": [1]}, "an Array of Objects is expected"),
        ({"entities": [{"type": "bold"}]}, "can't parse MessageEntity"),
        ({"entities": [{"type": "bold", "offset": 0, "length": 9}]}, "entity begins or ends outside of the text"),
        ({"reply_parameters": {"message_id": "x"}}, "message_id must be an integer"),
        ({"reply_to_message_id": "9" * 30}, "reply_to_message_id must be an integer"),
    ],
)
async def test_odd_parameters_are_refused_not_stumbled_over(town: Town, body: dict, complaint: str):
    answer = await town.call("sendMessage", **{"chat_id": AWA, "text": "x", **body})

    assert answer["error_code"] == 400
    assert answer["description"].endswith(complaint)


async def test_a_body_that_is_not_an_object_is_refused(town: Town):
    answer = await town.people.post(f"{town.base}/telegram/bot{town.bot.token}/getMe", json=[1])

    assert answer.json()["description"] == "Bad Request: object expected as request body"


async def test_commands_are_kept_by_scope_and_language(town: Town):
    french, english = [BotCommand("solde", "Voir mon solde")], [BotCommand("balance", "My balance")]
    await town.bot.set_my_commands(french)
    await town.bot.set_my_commands(english, language_code="en")
    scope = {"type": "chat_member", "chat_id": GROUP, "user_id": MOUSSA}
    await town.call("setMyCommands", commands=[{"command": "/pot", "description": "Le pot"}], scope=scope)

    assert list(await town.bot.get_my_commands()) == french
    assert [c["command"] for c in (await town.get("people/awa/chats/private/messages"))["commands"]] == ["solde"]
    assert [c["command"] for c in (await town.get("people/grace/chats/private/messages"))["commands"]] == ["balance"]
    assert [c["command"] for c in (await town.get("people/moussa/chats/group/messages"))["commands"]] == ["pot"]
    await town.bot.delete_my_commands(language_code="en")
    assert [c["command"] for c in (await town.get("people/grace/chats/private/messages"))["commands"]] == ["solde"]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"commands": [{"command": "Solde", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "s" * 33, "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "solde", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": [{"command": "solde", "description": "x"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [], "language_code": "french"}, "invalid language code specified"),
        ({"commands": [], "scope": {"type": "moon"}}, "can't parse BotCommandScope"),
    ],
)
async def test_commands_outside_the_rules_are_refused(town: Town, body: dict, complaint: str):
    assert complaint in (await town.call("setMyCommands", **body))["description"]


async def test_the_bot_introduces_itself_in_each_language(town: Town):
    await town.bot.set_my_name("Cauri Test")
    await town.bot.set_my_description("Votre portefeuille")
    await town.bot.set_my_description("Your wallet", language_code="en")
    await town.bot.set_my_short_description("portefeuille")
    assert await town.bot.set_chat_menu_button()

    awa, grace = await town.get("people/awa/chats"), await town.get("people/grace/chats")

    assert (awa["bot"]["name"], awa["bot"]["description"]) == ("Cauri Test", "Votre portefeuille")
    assert grace["bot"]["description"] == "Your wallet"
    assert (await town.bot.get_my_name()).name == "Cauri Test"
    assert (await town.bot.get_my_description("en")).description == "Your wallet"
    assert (await town.bot.get_my_short_description()).short_description == "portefeuille"
    assert "too long" in (await town.call("setMyName", name="x" * 65))["description"]


async def test_chats_and_members_can_be_looked_up(town: Town):
    await town.post(f"groups/{GROUP}/bot", by=AWA, status="administrator")

    assert (await town.bot.get_chat(AWA)).first_name == "Awa"
    assert (await town.bot.get_chat(GROUP)).title == "Tontine des Amies"
    assert (await town.bot.get_chat_member(GROUP, AWA)).status == "creator"
    assert (await town.bot.get_chat_member(GROUP, MOUSSA)).status == "member"
    assert (await town.bot.get_chat_member(GROUP, KOFFI)).status == "left"
    assert (await town.bot.get_chat_member(AWA, AWA)).status == "member"
    administrators = await town.bot.get_chat_administrators(GROUP)
    assert {member.user.id for member in administrators} == {AWA, town.bot.id}
    with complaining(BadRequest, "user not found"):
        await town.bot.get_chat_member(GROUP, 42)
    with complaining(BadRequest, "there are no administrators in the private chat"):
        await town.bot.get_chat_administrators(AWA)


async def test_a_kicked_person_is_told_as_kicked(town: Town):
    await town.post(f"groups/{GROUP}/members", by=AWA, person=MOUSSA, status="kicked")

    assert (await town.bot.get_chat_member(GROUP, MOUSSA)).status == "kicked"


async def test_messages_can_be_pinned(town: Town):
    sent = await town.bot.send_message(AWA, "À retenir")
    await town.bot.pin_chat_message(AWA, sent.message_id)
    pinned = (await town.bot.get_chat(AWA)).pinned_message
    await town.bot.unpin_chat_message(AWA)
    unpinned = (await town.bot.get_chat(AWA)).pinned_message

    assert pinned.text == "À retenir"
    assert unpinned is None
    in_group = await town.bot.send_message(GROUP, "À retenir")
    with complaining(BadRequest, "not enough rights"):
        await town.bot.pin_chat_message(GROUP, in_group.message_id)
    with complaining(BadRequest, "message to pin not found"):
        await town.bot.pin_chat_message(AWA, 999_999)
