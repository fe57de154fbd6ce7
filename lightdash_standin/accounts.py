"""Accounts of a Lightdash instance as rows: organisations with their palettes, people, tokens and groups.

They are plain objects that change in place; `state` keeps them, and roles in projects with the project.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DEFAULT_COLORS = (
    "#5470c6", "#fc8452", "#91cc75", "#fac858", "#ee6666", "#73c0de", "#3ba272", "#9a60b4", "#ea7ccc",
)  # fmt: skip


@dataclass
class ColorPalette:
    """A colour palette of an organisation, which projects, spaces, dashboards and charts may use."""

    uuid: str
    name: str
    colors: list[str]
    dark_colors: list[str] | None
    created_at: str


@dataclass
class Org:
    """An organisation."""

    uuid: str
    name: str
    created_at: str
    palettes: dict[str, ColorPalette] = field(default_factory=dict)
    active_palette_uuid: str | None = None


@dataclass
class Person:
    """A user, with the role in the organisation; roles in projects are kept with the project.

    Attributes:
        is_service: whether it is the user of a service account: without e-mail, and in no list of people.
    """

    uuid: str
    email: str
    first_name: str
    last_name: str
    org_uuid: str
    role: str
    created_at: str
    password: str = ""
    is_service: bool = False

    @property
    def card(self) -> dict[str, str]:
        """The short form in which the server returns authors."""
        return {"userUuid": self.uuid, "firstName": self.first_name, "lastName": self.last_name}


@dataclass
class Token:
    """A token: a personal one, or (`scheme` Bearer) of a service account or an OAuth application."""

    uuid: str
    secret: str
    person_uuid: str
    created_at: str
    description: str = ""
    expires_at: str | None = None
    revoked: bool = False
    scheme: str = "ApiKey"
    last_used: str | None = None


@dataclass
class Group:
    """A group of users of one organisation."""

    uuid: str
    name: str
    org_uuid: str
    created_at: str
    created_by: str | None
    updated_by: str | None = None
    members: dict[str, None] = field(default_factory=dict)
