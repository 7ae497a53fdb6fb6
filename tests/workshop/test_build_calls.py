"""Calls that cannot work in the sandbox are found in the author's code, and not in its comments and strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workshop.projects import made

from mcpg.contract.worlds import PluginKind
from mcpg.workshop.advice import about_code
from mcpg.workshop.calls import suspicious_calls, undeclared_effects
from mcpg.workshop.manifests import find_manifest, judge
from mcpg.workshop.new import Wish, render
from mcpg.workshop.project import ENTRIES, LANGUAGES, Language
from mcpg.workshop.sdks import sdk_of
from mcpg.workshop.sources import sources_of

FOUND: list[tuple[Language, str]] = [
    ("rust", "let t = std::time::SystemTime::now();"),
    ("rust", "use std::fs::File;"),
    ("rust", "std::thread::spawn(|| {});"),
    ("rust", "let s = TcpStream::connect(a);"),
    ("rust", 'println!("{x}");'),
    ("rust", 'let home = std::env::var("HOME");'),
    ("go", "\tnow := time.Now()"),
    ("go", "time.Sleep(5)"),
    ("go", 'import "math/rand"'),
    ("go", '\t"net/http"'),
    ("go", 'os.ReadFile("a")'),
    ("javascript", "const t = Date.now();"),
    ("javascript", "const t = new Date();"),
    ("javascript", "Math.random()"),
    ("javascript", "await fetch(url)"),
    ("javascript", "setTimeout(f, 5)"),
    ("javascript", "const fs = require('fs');"),
    ("javascript", "import { readFile } from 'node:fs/promises';"),
    ("python", "now = time.time()"),
    ("python", "time.sleep(1)"),
    ("python", "x = random.random()"),
    ("python", "key = os.urandom(8)"),
    ("python", "    with open('a') as file:"),
    ("python", "    text = Path('a').read_text()"),
    ("python", "import requests"),
    ("python", "from threading import Thread"),
    ("python", "datetime.now()"),
]
LEFT: list[tuple[Language, str]] = [
    ("rust", "// SystemTime::now() is not here"),
    ("rust", "/* std::fs */ let a = 1;"),
    ("rust", 'let a = "std::fs::read"; let b = r#"Instant::now "quoted""#;'),
    ("rust", "fn f<'a>(x: &'a str) -> &'a str { x } // std::net"),
    ("rust", "#[cfg(test)]\nmod tests { fn t() { println!(); } }"),
    ("go", "// time.Now()"),
    ("go", 'a := `time.Now()` + "os.ReadFile"'),
    ("go", "run.Time.Now()"),
    ("javascript", "// Math.random()\nconst a = 'Date.now()' + `fetch(${b})`;"),
    ("javascript", "host.fetch(1); new Date(0);"),
    ("python", "# open('a')\na = 'time.time()'"),
    ("python", '"""Nothing of random.random() or open(x)."""'),
    ("python", "self.open(x); reopen(x); run.time.time()"),
    ("python", "with open('words.txt') as file:"),
    ("python", "import random\ndice = random.Random(call['run']['seed'])"),
    ("javascript", "console.log('kept by the SDK')"),
]


@pytest.mark.parametrize(("language", "code"), FOUND)
def test_what_cannot_work_is_found_with_its_line(language: Language, code: str) -> None:
    found = suspicious_calls(language, f"\n\n{code}\n")
    assert found, code
    assert {each.line for each in found} == {3}
    assert all(each.remedy for each in found)


@pytest.mark.parametrize(("language", "code"), LEFT)
def test_comments_strings_and_others_names_are_left_alone(language: Language, code: str) -> None:
    assert not suspicious_calls(language, code)


def test_what_an_sdk_answers_by_the_facts_of_the_run_is_no_fault() -> None:
    assert suspicious_calls("javascript", "Date.now()", ())
    assert not suspicious_calls("javascript", "Date.now() + Math.random()", {"now", "seed"})
    assert suspicious_calls("go", "time.Now()", {"now"})


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("rust", "let r = run.http(json!({}))?;"),
        ("rust", 'run.ask("http", x)?;'),
        ("rust", "let r = run.send(&HttpRequest { url, ..Default::default() })?;"),
        ("rust", "let [a, b] = run.all([http(a), http(b)])?;"),
        ("go", "r, err := run.HTTP(mcpg.HTTPRequest{})"),
        ("go", "r := run.Ask(mcpg.Of(mcpg.HTTPRequest{URL: u}))"),
        ("go", 'r := run.Ask(mcpg.Asking("http", u))'),
        ("javascript", "const r = http({ url });"),
        ("javascript", "all([http.effect({ url })])"),
        ("javascript", "ask('http', {})"),
        ("python", "r = http(url=base)"),
        ("python", "all([http.effect(url=base)])"),
    ],
)
def test_an_effect_that_the_manifest_does_not_name_is_found(language: Language, code: str) -> None:
    [warned] = undeclared_effects(language, f"\n{code}\n", {"log"})
    assert warned.line == 2
    assert "`http`" in warned.what
    assert not undeclared_effects(language, code, {"http"})


def test_effects_of_others_are_not_ours() -> None:
    assert not undeclared_effects("javascript", "console.log(1); Math.log(2); function log(a) {}", ())
    assert not undeclared_effects("python", "math.log(2)\ndef sql(a): ...", ())
    assert not undeclared_effects("rust", "use mcpg_sdk::documents::HttpRequest;\nfn http(a: u8) {} self.log(1)", ())
    assert not undeclared_effects("go", "math.Log(2); func (p *P) log(a int) {}", ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_samples_that_ask_are_seen_to_ask(language: Language) -> None:
    text = render(Wish("my-plugin", PluginKind.BACKEND, language))[ENTRIES[language]]
    assert [each.what.split("`")[1] for each in undeclared_effects(language, text, ())] == ["http", "log"]


@pytest.mark.parametrize(
    ("language", "kind"), [(language, kind.value) for language in LANGUAGES for kind in sdk_of(language).kinds]
)
def test_nothing_is_said_of_what_a_new_project_holds(
    language: Language, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = made(tmp_path_factory.mktemp("new"), language, kind)
    sources = sources_of(project, project.root / "sdk")
    assert not list(about_code(project, sources, judge(find_manifest(project))[1]))


@given(st.sampled_from(LANGUAGES), st.text(alphabet="/*\"'`#r\\\n aτ.(", max_size=60))
def test_no_text_holds_it_up(language: Language, text: str) -> None:
    for each in suspicious_calls(language, text):
        assert 1 <= each.line <= text.count("\n") + 1
