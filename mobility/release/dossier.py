"""The dossier: what officer and reader need to know of every table, and nothing the tables do not say."""

from __future__ import annotations

from mobility.disclosure.protect import SafeTable
from mobility.release import additive
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
        "Alle rijen zijn door de regels gekomen. De controle heeft van elke cel, getoond of niet, uitgerekend wat een lezer "
        "van deze levering kan weten: uit de afgeronde getallen en hun gedeelde loting, het minimum, de sommen binnen en "
        "tussen de tabellen, de regel van groepsonthulling, en alles wat dit project eerder leverde. Voor geen cel bleven minder "
        "dan {interval_width} mogelijke aantallen over. Kennis van elders is niet doorgerekend.",
        "All rows passed the rules. The audit worked out, of every cell, shown or not, what a reader of this release can "
        "know: from the rounded numbers and the draw they share, the minimum, the sums within and between the tables, and "
        "the rule on group disclosure, and all that this project released before. For no cell fewer than "
        "{interval_width} possible "
        "counts were left. Knowledge from elsewhere is not part of it.",
    ),
    "safe_additive": additive.VERDICT,
    "structural": Words("Cellen die niet kunnen bestaan", "Cells that cannot exist"),
    "no_structural": Words("Geen.", "None."),
    "safe_exact": Words(
        "Alle rijen zijn door de regels gekomen. De controle ging na hoe ver een lezer met rekentuig elke cel die te klein "
        "is, kan insluiten: met andere tabellen die met alles wat getoond is kloppen, ook in eerdere leveringen van dit "
        "project, en met lineaire programma's over personen en huishoudens. Voor geen daarvan bleven minder dan "
        "{interval_width} mogelijke "
        "aantallen over. Kennis van elders is niet doorgerekend.",
        "All rows passed the rules. The audit checked how far a reader with a solver can narrow down every cell that is too "
        "small: with other tables that agree with all that is shown, in earlier releases of this project too, and by linear "
        "programs over persons and households. For none of them fewer than {interval_width} possible counts were left. "
        "Knowledge from elsewhere is not part of it.",
    ),
    "empty": Words("Geen rij van deze tabel kan worden getoond.", "No row of this table can be shown."),
}

_VALUE_RULES = {
    "share": Words(
        "Een aandeel komt uit afgeronde aantallen; teller en rest zijn ten minste {minimum_numerator}, en het is zo grof dat "
        "{share_numerators} tellers passen.",
        "A share is made of rounded counts; numerator and complement are at least {minimum_numerator}, and it is so coarse that "
        "{share_numerators} numerators fit.",
    ),
    "mean": Words(
        "Bij een gemiddelde heeft niemand meer dan {largest} procent van de som; niet meer cijfers dan het afgeronde "
        "aantal draagt.",
        "In a mean nobody holds more than {largest} per cent of the sum; no more digits than the rounded count supports.",
    ),
    "index": Words(
        "Een index rust op ten minste {minimum_areas} gebieden, waarvan geen meer dan {largest} procent heeft; niet "
        "meer cijfers dan "
        "het afgeronde aantal draagt.",
        "An index rests on at least {minimum_areas} areas, none of which holds more than {largest} per cent; no more "
        "digits than the "
        "rounded count supports.",
    ),
    "estimate": Words(
        "Een modelresultaat heeft ten minste {minimum_degrees} vrijheidsgraden; niet meer cijfers dan het afgeronde "
        "aantal draagt.",
        "The result of a model has at least {minimum_degrees} degrees of freedom; no more digits than the rounded "
        "count supports.",
    ),
    "effect": Words(
        "Een vergelijking van twee groepen heeft in elk ten minste {minimum_persons} personen, {minimum_households} huishoudens "
        "en {minimum_areas} gebieden (en {minimum_degrees} vrijheidsgraden), waarvan geen meer dan {largest} procent heeft, en "
        "ten minste {minimum_numerator} personen met en zonder de gebeurtenis; zo grof dat {share_numerators} tellers passen.",
        "A comparison of two groups has in each at least {minimum_persons} persons, {minimum_households} households and "
        "{minimum_areas} areas (and {minimum_degrees} degrees of freedom), none of which holds more than {largest} per cent, and "
        "at least {minimum_numerator} persons with the event and without it; so coarse that {share_numerators} numerators fit.",
    ),
    "quantile": Words(
        "Een kwantiel is de ondergrens van een klasse, met ten minste {quantile_units} eenheden aan elke kant.",
        "A quantile is the lower end of a bin, with at least {quantile_units} units on each side.",
    ),
    "incidence": Words(
        "Een kromme stapt hoogstens eens per {curve_months} maanden, met ten minste {curve_events} gebeurtenissen per "
        "stap, en komt "
        "uit afgeronde aantallen.",
        "A curve steps at most once in {curve_months} months, with at least {curve_events} events a step, and is made "
        "of rounded counts.",
    ),
    "indicator": Words(
        "Een indicator is opnieuw uit afgeronde aantallen gemaakt, volgens de regel van zijn soort: een aandeel met teller en "
        "rest van ten minste {minimum_numerator}, een index met ten minste {minimum_areas} gebieden, waarvan geen meer "
        "dan {largest} procent heeft; wat daar niet aan voldoet heeft geen rij.",
        "An indicator is made anew of rounded counts, by the rule of its kind: a share with numerator and complement of at least "
        "{minimum_numerator}, an index of at least {minimum_areas} areas, none of which holds more than {largest} per cent; "
        "what does not meet it has no row.",
    ),
}

_VALUES = (
    *("minimum_persons", "minimum_households", "rounding_base", "interval_width", "minimum_difference"),
    *("minimum_numerator", "share_numerators", "minimum_areas", "minimum_degrees"),
    *("quantile_units", "curve_months", "curve_events"),
)
_RULES = (
    Words(
        "Achter elke getoonde cel staan ten minste {minimum_persons} verschillende personen en ten minste "
        "{minimum_households} verschillende huishoudens (ongewogen); is een van beide te klein, dan vervalt de hele rij.",
        "Behind every cell shown are at least {minimum_persons} different persons and at least {minimum_households} "
        "different households (unweighted); if either is too small, the whole row is left out.",
    ),
    Words(
        "Groepsonthulling: houdt een klasse, of een rij aangrenzende klassen, {share} procent of meer van een zichtbaar "
        "totaal, dan vervalt de hele uitsplitsing van dat totaal. De regel loopt over inkomensklasse, uitkomst en pad, niet "
        "over plaats of jaar.",
        "Group disclosure: where a class, or a run of adjacent classes, holds {share} per cent or more of a visible total, "
        "the whole breakdown of that total is left out. The rule runs over income class, outcome and path, not over place "
        "or year.",
    ),
    Words(
        "Een cel die nul is, te klein is of om een andere reden niet getoond wordt, heeft geen rij; welke van de drie het "
        "is, staat nergens. Van sommige afwezige cellen is aan te tonen dat zij niet nul zijn, maar nooit tot op minder dan "
        "{interval_width} mogelijke aantallen. Cellen die niet kunnen bestaan, staan hieronder.",
        "A cell that is zero, too small or withheld for another reason has no row; which of the three it is, is not marked. "
        "Of some absent cells it can be shown that they are not zero, but never to fewer than {interval_width} possible "
        "counts. Cells that cannot exist are listed below.",
    ),
    Words(
        "Eerdere leveringen van het project staan in een register dat alleen groeit. Een cel die eerder niet getoond "
        "werd, blijft "
        "weg. Een cel die eerder van andere records getoond werd, vervalt als het er minder dan {minimum_difference} personen of "
        "huishoudens scheelt, of als niet bekend is hoeveel. Wat eerder getoond werd, telt in de controle mee.",
        "Earlier releases of the project stand in a ledger that only grows. A cell that was not shown before stays "
        "away. A cell that "
        "was shown of other records before is left out where the two differ by fewer than {minimum_difference} persons or "
        "households, or where it is not known by how many. What was shown before counts in the audit.",
    ),
)


_NUMBERS = {
    "round": Words(
        "Aselecte afronding op een veelvoud van {rounding_base}, bepaald door de verzameling records achter de cel: "
        "dezelfde verzameling geeft in elke tabel en elke levering van dit project hetzelfde getal. Gemiddeld zuiver; "
        "sommen van afgeronde getallen kloppen niet precies.",
        "Random rounding to a multiple of {rounding_base}, decided by the set of records behind the cell: the same set "
        "gives the same number in every table and every release of this project. Unbiased; sums of rounded numbers do not "
        "match exactly.",
    ),
    "suppress": Words(
        "Exacte getallen. Behalve te kleine cellen zijn cellen weggelaten waaruit zij te berekenen waren: uit een zichtbaar "
        "totaal volgt van de weggelaten delen nooit een som van 1 tot en met {below}, en van elke te kleine cel waar iemand in "
        "zit, blijven ten minste {interval_width} aantallen mogelijk voor wie alle tabellen van deze levering naast elkaar legt. "
        "Dat ergens niemand is, kan wel te berekenen zijn.",
        "Exact numbers. Beside cells that are too small, cells were left out from which those could be worked out: of the parts "
        "left out, a visible total never gives away a sum of 1 to {below}, and every cell that is too small and has somebody in "
        "it can be at least {interval_width} counts to somebody who sets all tables of this release beside each other. That "
        "nobody is somewhere can be worked out at times.",
    ),
    "additive": additive.NUMBERS,
}


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
    values = {name: getattr(table.profile, name) for name in _VALUES}
    values["largest"] = f"{100 * table.profile.largest_share:g}"
    verdict = {"suppress": "safe_exact", "additive": "safe_additive"}.get(declaration.mode, "safe")
    least = additive.LEAST if declaration.mode == "additive" else _RULES[0]
    verdict = "empty" if table.frame.is_empty() else verdict
    values["below"] = min(table.profile.minimum_persons, table.profile.minimum_households) - 1
    values["share"] = f"{100 * table.profile.group_share:g}"
    return [
        f"## {say(declaration.title)}",
        *head("population"),
        say(declaration.population),
        *head("period"),
        f"{study.period.first_year}-{study.period.last_year}",
        *head("geography"),
        say(_WORDS["zoning"]).format(year=study.geography.year, zoning=study.geography.zoning),
        *(["", say(declaration.detail)] if declaration.detail else []),
        *head("variables"),
        *(f"- `{name}`: {say(text)}" for name, text in declaration.variables),
        *head("registers"),
        *(f"- {register}: {', '.join(files)}" for register, files in about.registers().items()),
        *head("rules"),
        *(f"- {say(rule).format(**values)}" for rule in (least, _RULES[1], _NUMBERS[declaration.mode], *_RULES[2:])),
        *(
            f"- {say(_VALUE_RULES[rule]).format(**values)}"
            for rule in dict.fromkeys(v.rule for v in declaration.values)
        ),
        *head("structural"),
        say(declaration.structural or _WORDS["no_structural"]),
        *head("verdict"),
        say(_WORDS[verdict]).format(**values),
        *head("relation"),
        say(declaration.relation),
        "",
    ]


def _values_of(tables: list[SafeTable]) -> str:
    return ", ".join(
        f"{table.declaration.table}.{value.name}" for table in tables for value in table.declaration.values
    )


def control_form(tables: list[SafeTable], about: About) -> str:
    """A crib in Dutch for the control form that CBS asks with an output."""
    study, profile = about.study, about.profile
    exact = [table.declaration.table for table in tables if table.declaration.mode == "suppress"]
    added = [table.declaration.table for table in tables if table.declaration.mode == "additive"]
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
        f"- Drempel: {profile.minimum_persons} verschillende personen en {profile.minimum_households} verschillende "
        "huishoudens per cel, ongewogen",
        f"- Groepsonthulling: geen inkomensklasse, uitkomst of pad (of rij aangrenzende inkomensklassen) met "
        f"{100 * profile.group_share:g} procent of meer van een zichtbaar totaal; niet over plaats of jaar",
        f"- Afronding: aselect op {profile.rounding_base}; ware aantallen staan alleen binnen de omgeving"
        + (f". Exact, met weggelaten cellen: {', '.join(exact)}" if exact else "")
        + (
            f". Optellend, met te kleine kleinste cellen aselect op niemand of het minimum afgerond: {', '.join(added)}"
            if added
            else ""
        ),
        f"- Controle: uit afgeronde getallen, gedeelde loting, minimum, sommen binnen en tussen de tabellen en de regel van "
        f"groepsonthulling blijven van elke cel ten minste {profile.interval_width} aantallen mogelijk",
        "- Nul, te klein en niet getoond: geen rij, zonder merk; van sommige is aan te tonen dat zij niet nul zijn. Cellen die "
        "niet kunnen bestaan, staan per tabel in het dossier",
        f"- Eerdere leveringen van dit project: doorgerekend, uit een register dat alleen groeit; een verschil is nul "
        f"of minstens "
        f"{profile.minimum_difference} personen en huishoudens, anders vervalt de cel",
        "- Gewogen aantallen, minima en maxima: geen",
        f"- Aandelen, gemiddelden, indices, modelresultaten en kwantielen: {_values_of(tables) or 'geen'}",
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
