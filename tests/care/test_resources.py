"""Ideas for the time between contacts: ours in every language, a service's own instead, and faults named by line."""

from pathlib import Path

import pytest

from monitor import Surface, create_app
from monitor.care.kinds import Step
from monitor.care.resources import FOLDER, FaultyResources, ideas_for, load
from monitor.config import Settings
from monitor.db import Sessions
from monitor.i18n import LANGUAGES

IDEA = """
[[resource]]
language = "en"
steps = ["two"]
title = "The walking group"
text = "Tuesdays at ten."
"""


def a_file(folder: Path, text: str) -> Path:
    """A service's own file."""
    path = folder / "resources.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_ideas_in_every_language(step: Step, language: str) -> None:
    found = ideas_for(step, language)

    assert len(found.ideas) >= 3
    assert found.draft  # until native speakers and clinicians have read them


def test_every_language_says_the_same() -> None:
    ours = {language: load(FOLDER / f"{language}.toml") for language in LANGUAGES}

    assert {tuple(idea.steps for idea in file.resource) for file in ours.values()} == {
        tuple(idea.steps for idea in ours["en"].resource)
    }
    assert {
        idea.language for language, file in ours.items() for idea in file.resource if idea.language != language
    } == set()
    titles = [idea.title for file in ours.values() for idea in file.resource]
    assert len(set(titles)) == len(titles)


def test_a_services_own_ideas_take_the_place_of_ours_where_it_has_any(tmp_path: Path) -> None:
    own = a_file(tmp_path, f'status = "reviewed"{IDEA}')

    here, elsewhere, in_polish = (
        ideas_for(step, language, own) for step, language in ((Step.TWO, "en"), (Step.ONE, "en"), (Step.TWO, "pl"))
    )

    assert [idea.title for idea in here.ideas] == ["The walking group"]
    assert not here.draft
    assert elsewhere == ideas_for(Step.ONE, "en")
    assert in_polish == ideas_for(Step.TWO, "pl")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('status = "draft"\n[[resource]]\ntitle = \n', "resources.toml:3: is not TOML: Invalid value"),
        ("[[resource", "resources.toml:1: is not TOML"),
        (IDEA, "resources.toml:1: status: is missing"),
        (f'status = "checked"{IDEA}', "resources.toml:1: status: input should be 'draft' or 'reviewed'"),
        (f'# ours\n\nstatus = "checked"{IDEA}', "resources.toml:3: status: input should be"),
        (f'status = "draft"{IDEA}'.replace('"en"', '"xx"'), "resources.toml:3: resource.1.language: must be one of en"),
        (f'status = "draft"{IDEA}'.replace('"two"', '"six"'), "resources.toml:4: resource.1.steps.1: input should be"),
        (f'status = "draft"{IDEA}'.replace('["two"]', "[]"), "resources.toml:4: resource.1.steps: name one at least"),
        (f'status = "draft"{IDEA}'.replace("title", "titel"), "resources.toml:2: resource.1.title: is missing"),
        (f'status = "draft"{IDEA}'.replace("title", "titel"), "resources.toml:5: resource.1.titel: is not a part"),
        (
            f'status = "draft"{IDEA}{IDEA}'.replace("at ten", "at ten" * 99),
            "resources.toml:12: resource.2.text: string",
        ),
    ],
)
def test_a_fault_is_named_with_file_line_and_part(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FaultyResources) as caught:
        load(a_file(tmp_path, text))

    assert any(line.startswith(said) for line in str(caught.value).splitlines()), str(caught.value)


def test_every_fault_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    text = f'status = "checked"{IDEA}'.replace('"en"', '"xx"').replace('["two"]', "[]")

    with pytest.raises(FaultyResources) as caught:
        load(a_file(tmp_path, text))

    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        f"resources.toml:{line}" for line in (1, 3, 4)
    ]


@pytest.mark.parametrize(
    "link",
    [
        "http://walks.example/",
        "javascript:alert(1)",
        "https://",
        "https://walks",
        "https://staff@walks.example/",
        "https://walks.example/ or not",
        "//walks.example/",
    ],
)
def test_a_link_that_is_not_private_on_its_way_is_refused(tmp_path: Path, link: str) -> None:
    with pytest.raises(FaultyResources, match=r"resources\.toml:7: resource\.1\.link: must be an address"):
        load(a_file(tmp_path, f'status = "draft"{IDEA}link = "{link}"\n'))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FaultyResources, match=r"resources\.toml: cannot be read: No such file"):
        load(tmp_path / "resources.toml")


def test_the_program_does_not_start_with_a_faulty_file(
    sqlite_sessions: Sessions, settings: Settings, tmp_path: Path
) -> None:
    faulty = settings.model_copy(update={"resources_file": a_file(tmp_path, "status =")})

    with pytest.raises(FaultyResources):
        create_app(faulty, Surface.PATIENT, sessions=sqlite_sessions)
