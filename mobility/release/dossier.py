"""The dossier: what officer and reader need to know of every table, and nothing the tables do not say."""

from __future__ import annotations

from mobility.disclosure.protect import SafeTable
from mobility.release.about import About
from mobility.settings import Words

_WORDS = {
    "population": Words("Populatie", "Population"),
    "period": Words("Periode", "Period"),
    "geography": Words("Gebiedsindeling", "Geography"),
    "registers": Words("Registers en versies", "Registers and versions"),
    "variables": Words("Variabelen", "Variables"),
    "rules": Words("Toegepaste regels", "Rules applied"),
    "verdict": Words("Oordeel", "Verdict"),
    "relation": Words("Samenhang met andere tabellen", "Relation to other tables"),
    "zoning": Words("indeling van {year}, zonering {zoning}", "division of {year}, zoning {zoning}"),
    "safe": Words(
        "Alle rijen zijn door de regels gekomen; geen cel is met de tabellen van deze levering nader te "
        "bepalen dan de regels toestaan.",
        "All rows passed the rules; with the tables of this release no cell can be narrowed down further than "
        "the rules allow.",
    ),
    "empty": Words("Geen rij van deze tabel kan worden getoond.", "No row of this table can be shown."),
}

_RULES = (
    Words(
        "Elke getoonde cel telt ten minste {minimum_persons} personen en ten minste {minimum_households} "
        "huishoudens (ongewogen); is een van "
        "beide te klein, dan vervalt de hele rij.",
        "Every cell shown counts at least {minimum_persons} persons and at least {minimum_households} "
        "households (unweighted); if either is too "
        "small, the whole row is left out.",
    ),
    Words(
        "Groepsonthulling: houdt een klasse, of een rij aangrenzende klassen, {share} procent of meer van een "
        "zichtbaar totaal, dan vervalt de "
        "hele uitsplitsing van dat totaal.",
        "Group disclosure: where a class, or a run of adjacent classes, holds {share} per cent or more of a "
        "visible total, the whole breakdown of "
        "that total is left out.",
    ),
    Words(
        "Aselecte afronding op een veelvoud van {rounding_base}, bepaald door de verzameling records achter "
        "de cel: dezelfde verzameling geeft in "
        "elke tabel en elke levering hetzelfde getal. Gemiddeld zuiver; sommen van afgeronde getallen kloppen "
        "niet precies.",
        "Random rounding to a multiple of {rounding_base}, decided by the set of records behind the cell: the "
        "same set gives the same number in "
        "every table and every release. Unbiased; sums of rounded numbers do not match exactly.",
    ),
    Words(
        "Een cel die nul is, te klein is of om een andere reden niet getoond wordt, heeft geen rij; die drie "
        "zijn niet te onderscheiden.",
        "A cell that is zero, too small or withheld for another reason has no row; the three cannot be told apart.",
    ),
)


def dossier_page(table: SafeTable, about: About) -> str:
    """The page of one table, in Dutch and then in English."""
    label = [f"**{about.label}**", ""] if about.label else []
    return "\n".join(
        [f"# {table.declaration.table}", "", *label, *_half(table, about, "nl"), *_half(table, about, "en")]
    )


def _half(table: SafeTable, about: About, language: str) -> list[str]:
    def say(text: Words) -> str:
        return text.nl if language == "nl" else text.en

    def head(word: str) -> list[str]:
        return ["", f"### {say(_WORDS[word])}", ""]

    declaration, study = table.declaration, about.study
    values = {name: getattr(table.profile, name) for name in ("minimum_persons", "minimum_households", "rounding_base")}
    values["share"] = f"{100 * table.profile.group_share:g}"
    return [
        f"## {say(declaration.title)}",
        *head("population"),
        say(declaration.population),
        *head("period"),
        f"{study.period.first_year}-{study.period.last_year}",
        *head("geography"),
        say(_WORDS["zoning"]).format(year=study.geography.year, zoning=study.geography.zoning),
        *head("variables"),
        *(f"- `{name}`: {say(text)}" for name, text in declaration.variables),
        *head("registers"),
        *(f"- {register}: {', '.join(files)}" for register, files in about.registers().items()),
        *head("rules"),
        *(f"- {say(rule).format(**values)}" for rule in _RULES),
        *head("verdict"),
        say(_WORDS["empty"] if table.frame.is_empty() else _WORDS["safe"]),
        *head("relation"),
        say(declaration.relation),
        "",
    ]


def control_form(tables: list[SafeTable], about: About) -> str:
    """A crib in Dutch for the control form that CBS asks with an output."""
    study, profile = about.study, about.profile
    label = [f"**{about.label}**", ""] if about.label else []
    lines = [
        "# Spiekbrief voor het controleformulier",
        "",
        *label,
        "Vul hiermee het formulier uit de map met richtlijnen van CBS in; dat formulier en die richtlijnen gaan voor.",
        "",
        f"- Onderzoek: {study.title.nl}",
        f"- Levering: {about.release}",
        f"- Periode: {study.period.first_year}-{study.period.last_year}",
        f"- Gebruikte bestanden: {'; '.join(', '.join(files) for files in about.registers().values())}",
        f"- Drempel: {profile.minimum_persons} personen en {profile.minimum_households} huishoudens per cel, ongewogen",
        f"- Groepsonthulling: geen klasse met {100 * profile.group_share:g} procent of meer van een zichtbaar totaal",
        f"- Afronding: aselect op {profile.rounding_base}; ware aantallen staan alleen binnen de omgeving",
        "- Gewogen aantallen, gemiddelden, minima, maxima en modelresultaten: geen",
        "- Identificerende variabelen: geen",
        "- Eerder geleverd: vul in welke leveringen van dit onderzoek er al waren",
        "",
        "| bestand | inhoud | telt | rijen |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {table.declaration.table}.csv, .xlsx | {table.declaration.title.nl} | "
        f"{table.declaration.population.nl} | {table.frame.height or 'geen'} |"
        for table in tables
    ]
    return "\n".join([*lines, ""])
