"""Who is let in, for how long, and what a form needs: the attacks on the console's doors."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from console import DOORS
from console.links import ConsoleLink
from console.sessions import IDLE_AT_MOST, LASTS_AT_MOST, ConsoleSession
from core import clock
from core.ids import new_id
from operators import Act, OperatorAct, Role, change_role, dismiss, may
from tests.console.kit import Counter, Seat, counter, form_word_of, words_of

# An address behind each door, of something that is not there: who is refused never learns that.
NOBODY = str(new_id())

# Coming in is the way in itself; suspense is settled at the door of its difference, and whoever registered that kind of
# decision asks for the right.
ELSEWHERE = {Act.LOG_IN, Act.RESOLVE_SUSPENSE}


def path_of(door) -> str:
    return "/console" + door.path.replace("{id}", NOBODY).replace("{reference}", "D-2222-2222-2222").replace(
        "{kind}", "fees"
    )


async def test_an_operator_comes_in_by_a_link_once(desk: Counter):
    operator = await desk.operator("Awa")
    link = await desk.link_for(operator)
    async with desk.browser() as http:
        seat = Seat(http, operator)
        answer = await seat.comes_in(link)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
        assert "Rechercher" in words_of((await seat.opens("")).text)
    async with desk.browser() as thief:
        answer = await Seat(thief, operator).comes_in(link)
        assert answer.status_code == 403
        assert "Ce lien ne sert plus" in words_of(answer.text)
        assert (await thief.get("/console")).status_code == 401


async def test_looking_at_a_link_uses_nothing_up(desk: Counter):
    """Chats fetch a link to draw a preview of it before anybody touches it."""
    operator = await desk.operator("Awa")
    link = await desk.link_for(operator)
    async with desk.browser() as http:
        for _ in range(3):
            assert (await http.get(urlsplit(link).path + "?" + urlsplit(link).query)).status_code == 200
        assert (await Seat(http, operator).comes_in(link)).status_code == 303


async def test_a_link_is_too_old_after_five_minutes_and_worth_nothing_after_the_next_one(desk: Counter):
    operator = await desk.operator("Awa")
    first, second = await desk.link_for(operator), await desk.link_for(operator)
    async with desk.browser() as http:
        assert (await Seat(http, operator).comes_in(first)).status_code == 403
        with clock.ahead(timedelta(minutes=5, seconds=1)):
            assert (await Seat(http, operator).comes_in(second)).status_code == 403


async def test_a_forged_link_opens_nothing(desk: Counter):
    await desk.link_for(await desk.operator("Awa"))
    async with desk.browser() as http:
        for token in ("", "A" * 43, "A" * 5000, "' OR 1=1 --", "\x00"):
            assert (await http.post("/console/login", data={"token": token})).status_code == 403


async def test_neither_links_nor_sessions_can_be_read_off_the_tables(desk: Counter):
    operator = await desk.operator("Awa")
    link = await desk.link_for(operator)
    token = httpx.URL(link).params["token"]
    async with desk.database.reading() as session:
        kept = (await session.scalars(select(ConsoleLink.token_hash))).one()
    assert token.encode() not in kept
    async with desk.browser() as http:
        await Seat(http, operator).comes_in(link)
        async with desk.database.reading() as session:
            kept = (await session.scalars(select(ConsoleSession.token_hash))).one()
        http.cookies.clear()
        http.cookies.set("cauri-console", kept.hex())
        assert (await http.get("/console")).status_code == 401


async def test_a_session_ends_after_a_quarter_of_an_hour_without_a_touch(desk: Counter):
    async with desk.seated("Awa") as seat:
        almost = IDLE_AT_MOST - timedelta(seconds=5)
        with clock.ahead(almost):
            assert (await seat.opens("")).status_code == 200
        with clock.ahead(2 * almost):
            assert (await seat.opens("")).status_code == 200
        with clock.ahead(2 * almost + IDLE_AT_MOST):
            assert (await seat.opens("")).status_code == 401


async def test_a_session_ends_after_eight_hours_however_busy(desk: Counter):
    async with desk.seated("Awa") as seat:
        step = timedelta(minutes=14)
        passed = step
        while passed < LASTS_AT_MOST:
            with clock.ahead(passed):
                assert (await seat.opens("/decisions")).status_code == 200
            passed += step
        with clock.ahead(LASTS_AT_MOST):
            assert (await seat.opens("/decisions")).status_code == 401


async def test_a_session_ends_with_the_role_it_began_with(desk: Counter):
    async with desk.seated("Awa", Role.SUPPORT) as seat:
        await desk.database.run(
            lambda session: _with(session, seat, lambda who: change_role(session, who, Role.FINANCE))
        )
        assert (await seat.opens("")).status_code == 401


async def test_a_session_ends_when_its_operator_is_let_go_and_so_do_their_links(desk: Counter):
    async with desk.seated("Awa", Role.ADMIN) as seat:
        link = await desk.link_for(seat.operator)
        await desk.database.run(lambda session: _with(session, seat, lambda who: dismiss(session, who)))
        assert (await seat.opens("")).status_code == 401
        assert (await seat.comes_in(link)).status_code == 403


async def _with(session, seat: Seat, act):
    await act(await session.merge(seat.operator))


async def test_leaving_ends_the_session_for_whoever_stole_it_too(desk: Counter):
    async with desk.seated("Awa") as seat, desk.browser() as thief:
        thief.cookies.update(seat.http.cookies)
        assert (await thief.get("/console")).status_code == 200
        answer = await seat.sends("/logout")
        assert "Votre session est fermée" in words_of(answer.text)
        assert (await thief.get("/console")).status_code == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_connections(desk: Counter):
    operator = await desk.operator("Awa")
    async with counter(desk.database, "https://cauri.example.org") as served, served.browser() as http:
        answer = await Seat(http, operator).comes_in(await served.link_for(operator))
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-cauri-console=")
        for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
            assert word in cookie
        assert "Domain" not in cookie


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.method} {door.path}")
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_no_door_opens_without_a_session(desk: Counter, door):
    async with desk.browser() as http:
        answer = await http.request(door.method, path_of(door), data={"reason": "parce que"})
        assert answer.status_code == 401
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("door", [door for door in DOORS if door.method == "POST"], ids=lambda door: door.path)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_form_that_another_site_sends_does_nothing(desk: Counter, door):
    async with desk.seated("Awa") as seat, desk.seated("Moussa") as other:
        theirs = form_word_of((await other.opens("")).text)
        own = form_word_of((await seat.opens("")).text)
        for fields, headers in (
            ({}, {}),
            ({"form_word": ""}, {}),
            ({"form_word": theirs}, {}),
            ({"form_word": "é"}, {}),
            ({"form_word": own}, {"Sec-Fetch-Site": "cross-site"}),
            ({"form_word": own}, {"Sec-Fetch-Site": "same-site"}),
        ):
            answer = await seat.http.post(path_of(door), data={**fields, "reason": "parce que"}, headers=headers)
            assert answer.status_code == 403
            assert "Rien n’a changé" in words_of(answer.text)
        # The word has to come in a form: a page elsewhere can make a browser send JSON's text, or an address.
        answer = await seat.http.post(f"{path_of(door)}?form_word={own}", content=f'{{"form_word": "{own}"}}')
        assert answer.status_code == 403


async def test_every_answer_shields_itself(desk: Counter):
    async with desk.seated("Awa") as seat:
        for path in (
            "",
            "/",
            "/login",
            "/console.css",
            "/cauri.svg",
            "/nowhere/at/all",
            "/members/x",
            "/decisions",
            "/log",
        ):
            answer = await seat.http.get(f"/console{path}")
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "script-src" not in policy
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "<script" not in answer.text
            assert " style=" not in answer.text


def test_every_act_has_a_door_that_each_role_is_tried_at():
    """An act that is new has to get one, or be named among those that are done elsewhere."""
    assert {door.act for door in DOORS} | ELSEWHERE == set(Act)
    assert {door.act for door in DOORS} & ELSEWHERE == set()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_each_role_finds_open_the_doors_that_are_its_own_and_no_other(desk: Counter, role: Role):
    async with desk.seated("Awa", role) as seat:
        word = form_word_of((await seat.opens("")).text)
        for door in DOORS:
            fields = {"form_word": word, "reason": "pour ce test"} if door.method == "POST" else None
            answer = await seat.http.request(door.method, path_of(door), data=fields)
            is_refused = answer.status_code == 403
            assert is_refused is not may(role, door.act), (door, answer.status_code)
            assert answer.status_code < 500


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_menu_offers_nothing_that_a_role_may_not_open(desk: Counter):
    async with desk.seated("Awa", Role.SUPPORT) as seat:
        page = (await seat.opens("")).text
        assert '"/console/operators"' not in page
        assert '"/console/log"' not in page
    async with desk.seated("Moussa", Role.ADMIN) as seat:
        assert '"/console/operators"' in (await seat.opens("")).text


async def test_coming_in_and_looking_are_written_down(desk: Counter):
    async with desk.seated("Awa", Role.SUPPORT) as seat:
        await seat.opens("", q="70 99 88 77")
        async with desk.database.reading() as session:
            acts = list(await session.scalars(select(OperatorAct).order_by(OperatorAct.seq)))
    assert [(each.act, each.subject) for each in acts[-2:]] == [(Act.LOG_IN, "operator:Awa"), (Act.SEE, "search")]
    assert all("70" not in str(each.detail) for each in acts)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_no_letters_make_a_door_fail(desk: Counter):
    async with desk.browser() as http:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for content, kind in ((b"token=%ed%a0%80", ""), (b"token=\xff\xfe", ""), (b"token=a", "; charset=klingon")):
            headers = {"Content-Type": form["Content-Type"] + kind}
            assert (await http.post("/console/login", content=content, headers=headers)).status_code == 403
        for token in ("%ed%a0%80", "%00", "%ff"):
            assert (await http.get(f"/console/login?token={token}")).status_code == 200
        http.cookies.set("cauri-console", "a%00b")
        assert (await http.get("/console")).status_code == 401


async def test_a_form_of_unreasonable_size_is_turned_away(desk: Counter):
    async with desk.seated("Awa") as seat:
        answer = await seat.http.post("/console/logout", data={"form_word": "x" * 70_000})
        assert answer.status_code == 413
        assert answer.headers["Cache-Control"] == "no-store"
