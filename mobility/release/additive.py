"""What officer and reader are told of tables whose small counts are rounded so that the numbers add up."""

from __future__ import annotations

from mobility.settings import Words

LEAST = Words(
    "Een kleinste cel van de tabellen die sommen delen, met minder dan {minimum_persons} verschillende personen of "
    "{minimum_households} verschillende huishoudens (ongewogen), is aselect afgerond: op niemand, dan vervalt de rij, of op een "
    "veelvoud van {minimum_persons} personen en van {minimum_households} huishoudens. Achter een getoond getal kunnen dus minder "
    "mensen staan dan er getoond worden.",
    "A smallest cell of the tables that share sums, with fewer than {minimum_persons} different persons or {minimum_households} "
    "different households (unweighted), is rounded at random: to nobody, and then the row is absent, or to a multiple of "
    "{minimum_persons} persons and of {minimum_households} households. So fewer people can stand behind a number than it shows.",
)
NUMBERS = Words(
    "Getallen die optellen. Alle andere getallen zijn opgeteld uit die van de kleinste cellen, zodat "
    "elke som klopt in wat getoond "
    "is. Kleinste cellen die groot genoeg zijn, zijn niet afgerond; waar tabellen een cel op twee manieren verdelen, kunnen "
    "zij hoogstens {below} verschillen. De loting is zo dat ook sommen zelden ver van het ware aantal "
    "liggen; zij volgt uit het geheim "
    "van het project en de records, en is gemiddeld zuiver in huishoudens. Van elke afgeronde cel blijven ten minste "
    "{interval_width} aantallen mogelijk.",
    "Numbers that add up. All other numbers are added up from those of the smallest cells, so that every sum holds in what is "
    "shown. Smallest cells that are large enough are not rounded; where tables divide a cell in two ways they can differ by "
    "{below} at most. The draw is such that sums too seldom lie far from the truth; it follows from the project's secret and the "
    "records, and is unbiased in households. Every rounded cell can still be at least {interval_width} counts.",
)
VERDICT = Words(
    "Alle rijen zijn door de regels gekomen. De controle ging met lineaire programma's over personen en "
    "huishoudens na hoe ver een "
    "lezer elke afgeronde cel kan insluiten, ook als hij zou weten hoe ver de sommen van deze levering hoogstens van de waarheid "
    "liggen. Voor geen daarvan bleven minder dan {interval_width} mogelijke aantallen over. Kennis van "
    "elders is niet doorgerekend.",
    "All rows passed the rules. The audit checked, by linear programs over persons and households, how far a reader can narrow "
    "down every rounded cell, even if he knew how far the sums of this release lie from the truth at "
    "most. For none of them fewer "
    "than {interval_width} possible counts were left. Knowledge from elsewhere is not part of it.",
)
KIND = Words(
    "opgeteld uit kleinste cellen, waarvan te kleine aselect op niemand of op {least} huishoudens of een "
    "veelvoud zijn afgerond; een rij die "
    "er niet is, is nul of niet getoond",
    "added up from smallest cells, of which those too small are randomly rounded to nobody or to {least} "
    "households or a multiple; "
    "a row that is absent is zero or withheld",
)
