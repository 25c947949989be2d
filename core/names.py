"""Names that can be searched for: each word of a name is a row, without accents or capitals.

So a prefix of any of somebody's names is found by an index, on both engines, however many people there are.
"""

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from core.db import Id, Model, insert_once

_WORD_AT_MOST = 32
_WORDS_AT_MOST = 12
# Compared byte by byte: in a language's own order a prefix would not be a range.
_Word = String(_WORD_AT_MOST).with_variant(String(_WORD_AT_MOST, collation="C"), "postgresql")
_LAST = "\U0010ffff"


class NameWord(Model):
    """One word of the name of `subject_id`, which is a thing of this `kind`."""

    __tablename__ = "name_word"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    word: Mapped[str] = mapped_column(_Word, primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(Id, primary_key=True, index=True)


def words_of(name: str) -> list[str]:
    """The words that a name can be found by, each once: `Awa Ouédraogo-Traoré` has awa, ouedraogo and traore."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = "".join(letter if letter.isalnum() else " " for letter in bare).split()
    return list(dict.fromkeys(word[:_WORD_AT_MOST] for word in words))[:_WORDS_AT_MOST]


async def keep_name(session: AsyncSession, kind: str, subject_id: UUID, name: str) -> None:
    """Let `subject_id` be found by this name, and by no former one."""
    words = words_of(name)
    gone = delete(NameWord).where(NameWord.subject_id == subject_id, NameWord.word.not_in(words))
    await session.execute(gone)
    for word in words:
        await insert_once(session, NameWord, kind=kind, word=word, subject_id=subject_id)


async def named(
    session: AsyncSession, kind: str, name: str, *, after: tuple[str, UUID] | None = None, limit: int = 20
) -> Sequence[tuple[str, UUID]]:
    """Who has a word that begins as each word of `name` does: up to `limit` of them, those that come `after` a former
    answer's last one. The longest word leads, since it is the rarest as a rule."""
    words = sorted(words_of(name), key=len, reverse=True)
    if not words:
        return []
    lead, others = words[0], words[1:]
    found = select(NameWord.word, NameWord.subject_id).where(_begins(NameWord, kind, lead))
    for word in others:
        other = aliased(NameWord)
        found = found.where(exists().where(_begins(other, kind, word), other.subject_id == NameWord.subject_id))
    if after is not None:
        word, subject_id = after
        same_word = and_(NameWord.word == word, NameWord.subject_id > subject_id)
        found = found.where(or_(NameWord.word > word, same_word))
    rows = await session.execute(found.order_by(NameWord.word, NameWord.subject_id).limit(limit))
    return [(row.word, row.subject_id) for row in rows]


def _begins(row: type[NameWord], kind: str, word: str) -> ColumnElement[bool]:
    return and_(row.kind == kind, row.word >= word, row.word < word + _LAST)
