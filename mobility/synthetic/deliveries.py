"""Which files a register of a year is delivered as, and how they depart from their dictionary (quirks 11, 12 and 13)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mobility.registers.dictionary import Register
from mobility.settings import Format
from mobility.synthetic.names import CONVERTED, ending, file_stem


@dataclass(frozen=True)
class Delivery:
    """One file.

    Attributes:
        path: below the root of the source tree.
        form: how it is written.
        keep: share of the rows it has; an older or a provisional version has fewer, so that who takes it notices.
        lower_names: names of columns in lower case.
        number_keys: person numbers as numbers, not as text.
        separator: of a CSV file.
        drops_zeros: person numbers without their leading zeros.
        latin_1: in that encoding, with a column of remarks that needs it.
    """

    path: str
    form: Format
    keep: float = 1.0
    lower_names: bool = False
    number_keys: bool = False
    separator: str = ","
    drops_zeros: bool = False
    latin_1: bool = False


def deliveries(register: Register, year: int, formats: tuple[Format, ...], quirks: bool) -> list[Delivery]:
    """The files of a register of a year: the first format in its own place, the others as conversions beside it."""
    stem = file_stem(register, year)
    plain = [Delivery(stem + ending(register.name, formats[0]), formats[0])]
    plain += [Delivery(_converted(stem, form), form) for form in formats[1:]]
    return _flawed(register.name, year, stem, plain) if quirks else plain


def _flawed(name: str, year: int, stem: str, plain: list[Delivery]) -> list[Delivery]:
    """The files with the flaws that belong to this register and year; each has its counterpart in `quirks.FILES`."""
    main, others = plain[0], plain[1:]
    folder, _, file = stem.rpartition("/")
    suffix = f".{main.form}"
    match name, year:
        case "EIGENDOMTAB", 2020:
            base = f"{folder}/EIGENDOM2020TABV"
            return [
                replace(main, path=f"{base}10{suffix}"),
                replace(main, path=f"{base}2{suffix}", keep=0.7),
                *(replace(other, path=_converted(f"{base}10", other.form)) for other in others),
            ]
        case "EIGENDOMTAB", 2022:
            return [*plain, replace(main, path=f"{folder}/VRLEIGENDOM2022TABV3{suffix}", keep=0.6)]
        case "EIGENDOMTAB", 2018:
            return [replace(main, path=f"{folder}/{file.replace('2018', ' 2018')}{suffix}"), *others]
        case "EIGENDOMTAB", 2016:
            return [replace(main, path=f"{stem}{suffix.upper()}", lower_names=True), *others]
        case "KOPPELTABEL_IPI_IHI_IVB", 2005:
            return [replace(main, path=f"{folder}/120619 {file}{suffix}"), *others]
        case "KOPPELTABEL_IPI_IHI_IVB", 2008:
            return [replace(each, number_keys=each.form != "csv") for each in plain]
        case "KOPPELTABEL_IPI_IHI_IVB", 2009:
            return [Delivery(_converted(stem, "csv"), "csv", separator=";", drops_zeros=True)]
        case "IHI", 2006:
            return [Delivery(_converted(stem, "csv"), "csv", separator="\t")]
        case "GBAPERSOONTAB", _:
            kept = [each for each in plain if each.path != _converted(stem, "csv")]
            conversion = Delivery(_converted(stem, "csv"), "csv", separator=";", drops_zeros=True, latin_1=True)
            return [*kept, conversion]
        case _:
            return plain


def _converted(stem: str, form: Format) -> str:
    folder, _, file = stem.rpartition("/")
    return f"{folder}/{CONVERTED}/{file}.{form}"
