"""axe-core, fetched as console/package-lock.json has it, looks for what keeps people out of a page."""

import fcntl
import shutil
import subprocess

from dedit_wire import BUILD, ROOT

FOLDER = BUILD / "console" / "axe"


def fetch():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / "console" / name, FOLDER)
    subprocess.run(["npm", "ci", "--loglevel=error"], cwd=FOLDER, check=True, capture_output=True, timeout=300)


def source():
    found = FOLDER / "node_modules/axe-core/axe.min.js"
    with open(FOLDER.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other files of tests run at the same time
        if not found.exists() or found.stat().st_mtime < (ROOT / "console/package-lock.json").stat().st_mtime:
            fetch()
            found.touch()
    return found.read_text()


def complaints(browser):
    """What is serious or critical, a line each: rule, what is wrong, where."""
    if not browser.js("return 'axe' in window"):
        browser.js(source())
    result = browser.js_async(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, { resultTypes: ['violations'] }).then(r => done(r.violations), e => done([{ id: String(e),"
        " impact: 'critical', help: '', nodes: [] }]));")
    return [f"{v['id']}: {v['help']}: " + "; ".join(f"{n['html'][:120]} {n['failureSummary']}" for n in v["nodes"][:3])
            for v in result if v["impact"] in ("serious", "critical")]
