"""The data plane stays clear of Django, also by the modules it imports."""

import subprocess
import sys


def test_the_data_plane_loads_no_django() -> None:
    program = (
        "import sys, yijian.dataplane.app, yijian.dataplane.mllp;"
        "sys.exit(','.join(sorted(name for name in sys.modules if name.partition('.')[0] == 'django')) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
