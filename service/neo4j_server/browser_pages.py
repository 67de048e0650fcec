"""Neo4j Browser as our server gives it: with a style sheet, a guide, and no way out of this machine.

Neo4j serves the folder `browser` that it finds first on its class path. Ours is a copy of the Browser that is
in its jar, plus the two files, plus a policy in the page: by itself Browser loads scripts and fonts of other
hosts (cdn.segment.com, canny.io, fonts.googleapis.com), whatever Neo4j's telemetry settings say.
"""

import shutil
from importlib.resources import files
from pathlib import Path
from zipfile import ZipFile

from estimator.errors import Unavailable

STYLE, GUIDE = "style.grass", "guide.html"
# Browser compiles code that it holds ('unsafe-eval') and speaks Bolt through websockets.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none';"
    " connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*"
)
_HEAD, _PREVIEW = "<head>", "browser/preview/"


def browser_file(name: str) -> str:
    """The text of STYLE or GUIDE."""
    return files("service.neo4j_server").joinpath("browser_files", name).read_text(encoding="utf-8")


def browser_commands(url: str) -> str:
    """What Browser at `url` runs once connected. Without autoComplete it draws what a query returns and
    nothing else; with it, also the pairs between those neurons that are no flow edges."""
    return f'config {{"autoComplete": false}}; style {url}{STYLE}; play {url}{GUIDE}'


def write_browser_pages(web: Path, lib: Path) -> None:
    """Make the folder `web`/browser anew. Raises Unavailable for a Browser that is not as expected."""
    shutil.rmtree(web, ignore_errors=True)
    (jar,) = lib.glob("org.neo4j.client.neo4j-browser-*.jar")
    with ZipFile(jar) as archive:
        # without the preview of a next Browser, a second page that loads outside resources
        wanted = [n for n in archive.namelist() if n.startswith("browser/") and not n.startswith(_PREVIEW)]
        archive.extractall(web, wanted)
    page = web / "browser" / "index.html"
    text = page.read_text(encoding="utf-8")
    if text.count(_HEAD) != 1:
        raise Unavailable(f"{page} of {jar.name} has no {_HEAD} to put the page's policy behind")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page.write_text(text.replace(_HEAD, _HEAD + policy), encoding="utf-8")
    for name in (STYLE, GUIDE):
        (web / "browser" / name).write_text(browser_file(name), encoding="utf-8")
