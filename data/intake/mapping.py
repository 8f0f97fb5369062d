"""Which column of a file plays which role: configuration first, then the synonym table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from checks.errors import InputRefusedError, SettingError
from data.intake.roles import (
    DATED_ROLES,
    INVOICE_ROLES,
    LAST_DATED,
    ROLES,
    SEVERAL_ROLES,
    dated_role,
)
from data.intake.settings import IntakeSettings
from data.intake.tables import column_names
from data.intake.vocabulary import Rank, Vocabulary, column_number, fold

_SHOWN_COLUMNS = 40
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Mapping:
    """Roles and the positions of their columns in one file, in order of preference.

    `by_row_number` holds for a plain list: nothing but addresses, each row a debtor of its own.
    """

    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    by_row_number: bool = False

    @property
    def has_invoices(self) -> bool:
        """Whether the file tells of amounts owed."""
        return any(role in self.columns for role in INVOICE_ROLES)

    def fields(self) -> dict[str, int]:
        """Return the names under which cells are kept, and the column of each.

        >>> Mapping({"email": (3, 4), "name": (1,)}).fields()
        {'email_1': 3, 'email_2': 4, 'name': 1}
        """
        named: dict[str, int] = {}
        for role, positions in self.columns.items():
            for place, position in enumerate(positions, start=1):
                named[f"{role}_{place}" if role in SEVERAL_ROLES else role] = position
        return named


def resolve_mapping(
    source: str,
    header: Sequence[str],
    settings: IntakeSettings,
    vocabulary: Vocabulary,
) -> Mapping:
    """Return the mapping of one file, or refuse the file naming its columns and the setting.

    Raises `SettingError` for a configured column that the file does not have, and
    `InputRefusedError` where nothing is known to hold e-mail addresses.
    """
    configured = _configured(source, header, settings)
    mapping = _merged(header, configured, settings, vocabulary)
    if "email" not in mapping.columns and settings.columns.get("email") != ():
        problem = (
            f"no column of '{source}' is known to hold e-mail addresses;"
            f" columns found: {shown(header)}"
        )
        raise InputRefusedError(
            problem,
            'write email = "<column>" under [intake.columns], or email = [] if the file has none',
        )
    return mapping


def look_mapping(
    header: Sequence[str],
    settings: IntakeSettings,
    vocabulary: Vocabulary,
) -> Mapping:
    """Return what the synonym table makes of a header, whether or not it is enough to run."""
    return _merged(header, {}, settings, vocabulary)


def _merged(
    header: Sequence[str],
    configured: dict[str, tuple[int, ...]],
    settings: IntakeSettings,
    vocabulary: Vocabulary,
) -> Mapping:
    taken = {position for positions in configured.values() for position in positions}
    free = ["" if place in taken else name for place, name in enumerate(header)]
    guessed = {
        role: positions
        for role, positions in guess_roles(free, vocabulary).items()
        if role not in settings.columns
    }
    both = guessed | configured
    plain = list(header) == column_names(1) and not configured
    return Mapping(
        {"email": (0,)} if plain else {role: both[role] for role in ROLES if role in both},
        by_row_number=len(header) == 1,
    )


def _configured(
    source: str,
    header: Sequence[str],
    settings: IntakeSettings,
) -> dict[str, tuple[int, ...]]:
    unknown = sorted(set(settings.columns) - set(ROLES))
    if unknown:
        problem = f"[intake.columns] has no role {', '.join(map(repr, unknown))}"
        raise SettingError(problem, f"use one of {', '.join(ROLES)}")
    return {
        role: tuple(_position(source, header, role, name) for name in names)
        for role, names in settings.columns.items()
        if names
    }


def _position(source: str, header: Sequence[str], role: str, name: str) -> int:
    exact = [place for place, column in enumerate(header) if column == name]
    alike = [place for place, column in enumerate(header) if fold(column) == fold(name)]
    if exact or len(alike) == 1:
        return (exact or alike)[0]
    problem = (
        f"column '{name}', which [intake.columns] gives the role {role}, is not in '{source}';"
        f" columns found: {shown(header)}"
    )
    raise SettingError(problem, "write the name as it stands in the file")


def guess_roles(header: Sequence[str], vocabulary: Vocabulary) -> dict[str, tuple[int, ...]]:
    """Return the positions that the synonym table gives each role.

        Of several columns for a role that only one may hold, the better known name wins, then the
        one further left.

    >>> from data.intake.vocabulary import load_vocabulary
        >>> guess_roles(["Cód. Cliente", "Valor", "Saldo vencido", "E-mail", "email2"],
        ...             load_vocabulary())
        {'debtor_id': (0,), 'amount': (2,), 'email': (3, 4)}
    """
    ranked = [(vocabulary.rank(name), place) for place, name in enumerate(header)]
    found: dict[str, list[tuple[Rank, int]]] = {}
    for rank, place in ranked:
        if rank is not None:
            found.setdefault(rank.role, []).append((rank, place))
    guessed = {
        role: tuple(place for _, place in hits)
        if role in SEVERAL_ROLES
        else (min(hits, key=lambda hit: (hit[0].place, hit[1]))[1],)
        for role, hits in found.items()
    }
    stray = _stray_dates([column_number(header[place]) for place in guessed.get("email", ())])
    return {role: positions for role, positions in guessed.items() if role not in stray}


def _stray_dates(emails: Sequence[int | None]) -> set[str]:
    """Return the later dates whose e-mail column does not bear their number.

    "Confirmado em 2" beside "E-mail" and "E-mail comercial" may speak of anything.
    """
    numbered = {place for place, number in enumerate(emails, start=1) if number == place}
    return {
        dated_role(role, place)
        for role in DATED_ROLES
        for place in range(2, LAST_DATED + 1)
        if place not in numbered
    }


def header_language(header: Sequence[str], vocabulary: Vocabulary) -> str:
    """Return the language most column names are in: pt, es or en; pt where none is known.

    >>> from data.intake.vocabulary import load_vocabulary
        >>> header_language(["RFC", "Nombre", "Correo"], load_vocabulary())
        'es'
    """
    votes = Counter(rank.language for name in header if (rank := vocabulary.rank(name)))
    return max(("pt", "es", "en"), key=lambda language: votes[language])


def shown(header: Sequence[str]) -> str:
    r"""Return column names fit for a message: bounded, and without control characters.

    >>> shown(["cpf", "e-mail\x1b[2J"])
    "'cpf', 'e-mail [2J'"
    """
    names = [
        "".join(char if char.isprintable() else " " for char in name[:_SHOWN_CHARACTERS])
        for name in header[:_SHOWN_COLUMNS]
    ]
    more = len(header) - len(names)
    return ", ".join(f"'{name}'" for name in names) + (f" and {more} more" if more else "")
