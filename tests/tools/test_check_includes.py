"""tools/check_includes finds each kind of wrong include, and only those."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_includes"


class CheckIncludes(unittest.TestCase):
    def run_on(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for layer, text in ({"base": "", "json": "", "http": "", "web": "", "server": ""} | files).items():
                path = pathlib.Path(folder, "src", layer, "x.h")
                path.parent.mkdir(parents=True)
                path.write_text(text)
            done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True)
            return done.returncode, done.stdout

    def test_down_is_free(self):
        code, out = self.run_on(web='#include "json/x.h"\n#include "web/x.h"\n#include <cito/value.h>\n#include <uv.h>\n')
        self.assertEqual((code, out), (0, "includes: 0 lead the wrong way\n"))

    def test_up_is_refused(self):
        code, out = self.run_on(base='\n  #  include "json/x.h"\n')
        self.assertEqual(code, 1)
        self.assertIn("src/base/x.h:2: ", out)

    def test_siblings_are_refused(self):
        self.assertEqual(self.run_on(server='#include "web/x.h"\n')[0], 1)
        self.assertEqual(self.run_on(json='#include "http/x.h"\n')[0], 1)

    def test_angle_brackets_hide_nothing(self):
        self.assertEqual(self.run_on(base="#include <json/x.h>\n")[0], 1)

    def test_unknown_paths_are_refused(self):
        self.assertEqual(self.run_on(web='#include "x.h"\n')[0], 1)
        self.assertEqual(self.run_on(other="")[0], 1)


if __name__ == "__main__":
    unittest.main()
