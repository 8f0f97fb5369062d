"""From a table's columns to what is compared and what pairs are found by."""

from __future__ import annotations

import polars as pl

from checks.columns import unaccented
from checks.contacts.linkage.blocks import Trait
from checks.contacts.linkage.compare import Field
from checks.contacts.linkage.roles import LISTS, Role
from checks.contacts.linkage.scales import CATEGORY, CODE, NAME, TEXT, WORD
from checks.contacts.linkage.values import value_lists_of, values_of

_SCALE = {
    Role.NAME: NAME, Role.GIVEN_NAME: WORD, Role.SURNAME: WORD, Role.ORGANISATION: NAME,
    Role.BIRTH_DATE: CODE, Role.TAX_ID: CODE, Role.EMAIL: CODE, Role.PHONE: CODE,
    Role.STREET: TEXT, Role.POSTCODE: CODE, Role.CITY: TEXT, Role.STATE: CATEGORY,
    Role.COUNTRY: CATEGORY, Role.OTHER: TEXT,
}
_SOUNDS = (("ph", "f"), ("th", "t"), ("lh", "l"), ("nh", "n"), ("ch", "x"), ("sh", "x"), ("w", "v"),
           ("y", "i"), ("ce", "se"), ("ci", "si"), ("ge", "je"), ("gi", "ji"), ("k", "c"), ("q", "c"),
           ("z", "s"), ("h", ""), ("pt", "t"))


def folded(text: pl.Expr) -> pl.Expr:
    plain = unaccented(text).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars(" ")
    return pl.when(plain != "").then(plain)


def sound(text: pl.Expr) -> pl.Expr:
    for a, b in _SOUNDS:
        text = text.str.replace_all(a, b, literal=True)
    for d in "abcdefgijlmnoprstuvx":
        text = text.str.replace_all(d + d, d, literal=True)
    return text


def read_fields(table: pl.DataFrame, roles: dict[str, Role]):
    fields, traits = [], []
    for role in LISTS:
        columns = [c for c, r in roles.items() if r is role]
        if columns:
            f, t = _list_field(table, columns, role)
            fields.append(f); traits += t
    for column, role in roles.items():
        if role is Role.IGNORE or role in LISTS:
            continue
        raw = table[column].cast(pl.String)
        if role in (Role.POSTCODE, Role.TAX_ID, Role.PHONE, Role.BIRTH_DATE):
            text = pl.DataFrame({"x": raw}).select(pl.col("x").str.to_lowercase().str.replace_all(r"[^0-9a-z]", "").replace("", None))["x"]
        elif role is Role.EMAIL:
            text = raw.str.to_lowercase().str.strip_chars()
        else:
            text = pl.DataFrame({"x": raw}).select(folded(pl.col("x")))["x"]
        v = values_of(text)
        fields.append(Field(column, role, _SCALE[role], v))
        traits += _traits(column, role, v)
    return fields, traits


def _of(v, expr, name, family, alone=False):
    mapped = values_of(pl.DataFrame({"x": v.texts}).select(expr.alias("y"))["y"])
    codes = mapped.codes
    import numpy as np
    out = np.where(v.codes >= 0, codes[np.maximum(v.codes, 0)] if len(codes) else -1, -1)
    return Trait(name, family, out, alone)


def _traits(column, role, v):
    x = pl.col("x")
    if role in (Role.GIVEN_NAME, Role.SURNAME):
        return [_of(v, sound(x), f"{column}:sound", column), _of(v, x.str.slice(0, 2 if role is Role.GIVEN_NAME else 3), f"{column}:begins", column)]
    if role is Role.NAME or role is Role.ORGANISATION:
        w = x.str.split(" ")
        return [_of(v, sound(w.list.first()), f"{column}:first", column + "1"), _of(v, sound(w.list.last()), f"{column}:last", column + "2"),
                _of(v, w.list.sort().list.join(" "), f"{column}:words", column, alone=True)]
    if role is Role.BIRTH_DATE:
        return [Trait(column, column, v.codes, True), _of(v, x.str.slice(0, 4), f"{column}:year", column)]
    if role in (Role.TAX_ID, Role.EMAIL, Role.PHONE):
        return [Trait(column, column, v.codes, True)]
    if role in (Role.STATE, Role.COUNTRY):
        return []
    return [Trait(column, column, v.codes)]


def _list_field(table, columns, role):
    import numpy as np
    def tidy(c):
        x = pl.col(c).cast(pl.String)
        if role is Role.EMAIL:
            return x.str.to_lowercase().str.strip_chars()
        d = x.str.replace_all(r"[^0-9]", "")
        return pl.when(d.str.len_chars() >= 6).then(d.str.tail(8))
    lists = table.select(pl.concat_list([tidy(c) for c in columns]).alias("x"))["x"]
    v = value_lists_of(lists)
    return Field(role.value, role, CODE, v), list(_list_traits(role, v))


def _list_traits(role, v):
    import numpy as np
    sizes = np.diff(v.starts)
    for place in range(int(sizes.max(initial=0))):
        has = sizes > place
        out = np.full(len(sizes), -1)
        out[has] = v.codes[v.starts[:-1][has] + place]
        yield Trait(f"{role.value}{place}", role.value, out, alone=True)
