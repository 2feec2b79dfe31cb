"""The fixtures stand in a file of their own because tests/fault uses them too."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from fixtures_of_mounts import *  # noqa: E402,F401,F403
