"""The fixtures are those of tests/mount."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mount"))

from fixtures_of_mounts import *  # noqa: E402,F401,F403
