"""The coffee company of the demo: people, groups, tokens, and two projects without content."""

from __future__ import annotations

from dataclasses import dataclass

from lightdash_standin.accounts import Org, Person
from lightdash_standin.explores import all_explores
from lightdash_standin.people import create_group, issue_token
from lightdash_standin.projects import compile_project, create_project
from lightdash_standin.state import Project, World

PASSWORD = "a demo password"  # noqa: S105 - the demo listens on loopback only
# nickname: first name, last name, role in the organisation
STAFF: dict[str, tuple[str, str, str]] = {
    "admin": ("Ada", "Kovač", "admin"),
    "second_admin": ("Bruno", "Oliveira", "admin"),
    "editor": ("Ines", "Marchetti", "editor"),
    "second_editor": ("Tom", "Okafor", "editor"),
    "developer": ("Lena", "Brandt", "member"),
    "interactive_viewer": ("Omar", "Haddad", "interactive_viewer"),
    "viewer": ("Yuki", "Tanaka", "viewer"),
    "member": ("Greta", "Nyström", "member"),
}
GROUPS = {"Finance": ("second_admin", "second_editor"), "Roastery": ("editor", "interactive_viewer")}
DBT = {
    "type": "github", "repository": "kettle-and-daughters/analytics", "branch": "main",
    "project_sub_path": "/dbt", "host_domain": "github.com", "personal_access_token": "not-for-anybody",
}  # fmt: skip
WAREHOUSE = {
    "type": "postgres", "host": "warehouse.internal.example", "user": "lightdash",
    "password": "not-for-anybody", "port": 5432, "dbname": "kettle", "schema": "marts", "sslmode": "require",
}  # fmt: skip


@dataclass(frozen=True)
class Company:
    """The people by nickname, and the two projects."""

    people: dict[str, Person]
    staging: Project
    production: Project


def _hire(world: World, org: Org, nickname: str, first: str, last: str, role: str) -> Person:
    plain = {"Kovač": "kovac", "Nyström": "nystrom"}.get(last, last.lower())
    domain = "kettle.example" if org.name.startswith("Kettle") else "elsewhere.example"
    email = f"{first.lower()}.{plain}@{domain}"
    person = Person(world.new_uuid(), email, first, last, org.uuid, role, world.clock.tick(), PASSWORD)
    world.people[person.uuid] = person
    world.tokens[nickname] = issue_token(world, person, "for the demo").secret
    return person


def _project(world: World, admin: Person, nickname: str, name: str) -> Project:
    like = {"type": "DEFAULT", "dbtConnection": DBT, "warehouseConnection": WAREHOUSE, "dbtVersion": "v1.8"}
    project = create_project(world, admin, name, like)
    project.compilable = all_explores()
    compile_project(world, project)
    world.projects[nickname] = project.uuid
    return project


def found_company(world: World) -> Company:
    """Create the organisation in an empty world: people with tokens, groups, staging with its upstream."""
    org = Org(world.new_uuid(), "Kettle & Daughters Coffee", world.clock.tick())
    world.orgs[org.uuid] = org
    people = {nickname: _hire(world, org, nickname, *staff) for nickname, staff in STAFF.items()}
    elsewhere = Org(world.new_uuid(), "Elsewhere Tea", world.clock.tick())
    world.orgs[elsewhere.uuid] = elsewhere
    people["stranger"] = _hire(world, elsewhere, "stranger", "Eve", "Stranger", "admin")
    expired = issue_token(world, people["admin"], "expired", "2020-01-01T00:00:00.000Z")
    world.tokens["expired"] = expired.secret
    for name, members in GROUPS.items():
        group = create_group(world, name, org.uuid, people["admin"].uuid)
        group.members.update((people[nickname].uuid, None) for nickname in members)
    production = _project(world, people["admin"], "production", "Kettle (production)")
    staging = _project(world, people["admin"], "staging", "Kettle (staging)")
    staging.upstream_uuid = production.uuid
    for project in (production, staging):
        project.access[people["developer"].uuid] = "developer"
    return Company(people, staging, production)
