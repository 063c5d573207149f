"""Every YAML file is well made and easy to read."""

import pytest
from yamllint import linter
from yamllint.config import YamlLintConfig

from tests.deploy.programs import DEPLOY

FILES = [path for path in sorted(DEPLOY.rglob("*")) if path.suffix in (".yaml", ".example")]

RULES = """
extends: default
rules:
  document-start: disable
  line-length: {max: 160, allow-non-breakable-words: true}
  braces: {max-spaces-inside: 0}
  comments: {min-spaces-from-content: 1}
  comments-indentation: disable
  truthy: {check-keys: false}
  indentation: {spaces: 2, indent-sequences: true}
"""


def test_there_are_some():
    assert {path.parent.name for path in FILES} >= {"docker", "kubernetes", "monitoring"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_yamllint_has_nothing_to_say(path):
    assert [str(problem) for problem in linter.run(path.read_text(), YamlLintConfig(RULES))] == []
