"""Says what a circle may be called, and by which word it may be joined."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.language.sms.gsm7 import is_gsm7, septets, to_gsm7
from assistant.store.tables import Circle

LONGEST_NAME: Final = 20
"""GSM-7 signs of a circle's name: it stands in texts of one segment, beside wording the law requires."""

_CODE: Final = re.compile(r"[A-Z0-9]{3,12}")
_WORDS: Final = """
STOP STOPALL UNSUBSCRIBE END QUIT REVOKE OPTOUT CANCEL START YES UNSTOP HELP INFO
ALTO PARAR BAJA SALIR AYUDA INICIO SI NO JOIN UNIRME HOST NEW NUEVO HANDOFF BEGIN EMPEZAR
SKIP PASO PAUSE PAUSA BACK READ LEER DONE LISTO LATER LUEGO ASK PIDO OFFER OFREZCO RALLY APOYO
CHECKIN SEND ENVIAR UNDO STATUS NUDGE SHOW VER QUIET ASKS PAIRS SWAP ADD REMOVE AWAY SAY COHORT
NOTE MORE BACKUP CHEQUEO ESTADO RECORDAR DECIR SILENCIO FAVORES DUPLA DUPLAS RECAMBIO NOTA
POLL ENCUESTA RENAME WORD PALABRA TRAVEL VIAJE HOME CASA PHONE
AGREGAR QUITAR AUSENTE SUPLENTE CEDER COHORTE COPY ERASE LEAVE CIRCLE CIRCULO CODE PLEASE THE ENGLISH ESPANOL
"""
RESERVED: Final = frozenset(_WORDS.split())
"""What carriers and we read as a command wherever it stands; a circle of such a code could not be joined."""


def tidy_name(said: str) -> str:
    """Return a name without the marks that people put around one."""
    return " ".join(said.split()).strip("\"'“”«»‘’.,;: ")


def wrong_name(name: str) -> str | None:
    """What is wrong with a circle's name: empty, signs (that plain texts lack), or long; None: nothing.

    Accents that plain texts lack are no fault: they are left out where a text is plain.
    """
    plain = to_gsm7(name)
    if not any(sign.isalnum() for sign in name):
        return "empty"
    if not is_gsm7(plain):
        return "signs"
    return "long" if septets(plain) > LONGEST_NAME else None


def explain_wrong_name(name: str) -> list[str]:
    """Return what is wrong with a circle's name, for whoever set it up on the command line; [] is nothing."""
    wrong, plain = wrong_name(name), to_gsm7(name)
    if wrong == "empty":
        return ["A circle needs a name that people will recognise."]
    if wrong == "signs":
        odd = "".join(sorted({sign for sign in plain if not is_gsm7(sign)}))
        why = "one of them makes every text that names the circle cost double. Write it without."
        return [f"The name {name!r} has signs that plain texts lack ({odd}): {why}"]
    if wrong == "long":
        why = "it stands in texts of 160, beside wording the law requires."
        return [f"The name {name!r} is {septets(plain)} characters long; {LONGEST_NAME} fit: {why}"]
    return []


def explain_wrong_code(session: Session, code: str) -> list[str]:
    """Return what is wrong with the word by which a circle is to be joined; [] is nothing."""
    if not _CODE.fullmatch(code):
        return [f"The code {code!r} cannot be typed easily: use 3 to 12 letters a-z and digits, no spaces."]
    if code in RESERVED:
        return [f"{code} means something else when texted; choose another code."]
    if session.scalar(select(Circle.id).where(Circle.code == code)) is not None:
        return [f"The code {code} is taken; choose another, such as {_free_code(session, code)}."]
    return []


def _free_code(session: Session, code: str) -> str:
    taken = set(session.scalars(select(Circle.code).where(Circle.code.startswith(code[:10]))))
    return next(each for each in (f"{code[:10]}{number}" for number in range(2, 100)) if each not in taken)
