"""Consent: without it a viewer is nobody, and nothing of them gets below this layer."""

from typing import Annotated

from pydantic import Field, Strict

from workers.settings import Settings

_MEANT = Field(description="Of the user, to be known; left out: as KEYART_CONSENT_DEFAULT says.")
Consent = Annotated[bool | None, _MEANT]
"""Of a JSON body: `true` or `false`; a text is neither."""
QueryConsent = Annotated[Annotated[bool, Strict(strict=False)] | None, _MEANT]
"""Of a query, in which all is text."""


def given(consent: bool | None, settings: Settings) -> bool:
    return settings.consent_default if consent is None else consent


def known(user: str | None, consent: bool | None, settings: Settings) -> str | None:
    """The user, as far as they may be known: None means by context only."""
    return user if given(consent, settings) else None
