"""HTML elements as text."""

from __future__ import annotations

from html import escape

_VOID = {"meta", "link", "br", "hr"}


def text(words: str) -> str:
    """Words as HTML."""
    return escape(words, quote=False)


def tag(name: str, /, *content: str, **attributes: str | bool | None) -> str:
    """An element; a trailing underscore is dropped from an attribute's name, others become hyphens."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{''.join(content)}</{name}>"
