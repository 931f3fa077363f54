"""Small counts rounded to nobody or to the minimum, so that every sum holds in what is shown; for presentation tables.

Small count rounding (Langsrud and Heldal 2018, Privacy in Statistical Databases): the smallest cells are rounded, and every other
number is added up anew from them. Which of them go up is drawn at random and balanced, so that sums stay near the truth.
"""
