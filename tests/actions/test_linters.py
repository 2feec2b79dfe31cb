"""The linters that GitHub's users know, where they are installed: actionlint, and GitHub's own language service.

The language service: a bundle made of @actions/languageservice whose path is in RFS_ACTIONS_LINT (or a directory with its
node_modules, which is bundled here with its esbuild).
"""

import glob
import os
import shutil
import subprocess

import pytest
import runner
from conftest import ACTIONS, ROOT

FILES = sorted(glob.glob(os.path.join(ACTIONS, "*/action.yml")) + glob.glob(os.path.join(ACTIONS, "examples/*.yml")) +
               glob.glob(os.path.join(ROOT, ".github/workflows/*.yml")))
LINT = """
import { validate } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';
import fs from 'node:fs';
let found = 0;
for (const file of process.argv.slice(2)) {
  const action = file.endsWith('/action.yml');
  const uri = action ? `file:///repository${file}` : `file:///repository/.github/workflows/${file.split('/').pop()}`;
  for (const one of await validate(TextDocument.create(uri, 'yaml', 1, fs.readFileSync(file, 'utf8')))) {
    found++;
    console.log(`${file}:${one.range.start.line + 1}: ${one.message}`);
  }
}
process.exit(found ? 1 : 0);
"""


def test_actionlint_has_nothing_to_say():
    if not shutil.which("actionlint"):
        pytest.skip("actionlint is not installed")
    workflows = [name for name in FILES if not name.endswith("/action.yml")]
    result = subprocess.run(["actionlint", "-no-color", "-oneline", *workflows], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def bundle(tmp_path):
    place = os.environ.get("RFS_ACTIONS_LINT", "")
    modules = os.path.join(place, "node_modules")
    if not runner.NODE or not os.path.isdir(os.path.join(modules, "@actions/languageservice")):
        pytest.skip("@actions/languageservice is not installed: RFS_ACTIONS_LINT names no directory with it")
    os.symlink(modules, tmp_path / "node_modules")
    (tmp_path / "lint.mjs").write_text(LINT)
    subprocess.run([os.path.join(modules, ".bin/esbuild"), "lint.mjs", "--bundle", "--platform=node", "--format=esm", "--outfile=bundle.mjs",
                    "--log-level=error", "--banner:js=import {createRequire} from 'module';const require=createRequire(import.meta.url);"],
                   cwd=tmp_path, check=True)
    return str(tmp_path / "bundle.mjs")


def test_the_language_service_has_nothing_to_say(tmp_path):
    program = bundle(tmp_path)
    result = subprocess.run([runner.NODE, program, *FILES], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_language_service_finds_what_is_wrong(tmp_path):
    """So that its silence means something."""
    program = bundle(tmp_path)
    folder = tmp_path / "bad"
    folder.mkdir()
    with open(os.path.join(ACTIONS, "inject-credentials/action.yml"), encoding="utf-8") as file:
        (folder / "action.yml").write_text(file.read().replace("using: node24", "using: node21"))
    result = subprocess.run([runner.NODE, program, str(folder / "action.yml")], capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "node21" in result.stdout
