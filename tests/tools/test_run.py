"""tests/run counts what the steps say, and never takes a failed step for a passed one."""
import unittest

import scripts

runner = scripts.load("run", "tests_run")


class Count(unittest.TestCase):
    def test_our_scripts(self):
        self.assertEqual(runner.count(0, "FAIL x\n12 passed, 0 failed\n"), (12, 0))
        self.assertEqual(runner.count(1, "12 passed, 3 failed\n"), (12, 3))

    def test_the_last_count_holds(self):
        self.assertEqual(runner.count(0, "1 passed, 0 failed\nmore\n7 passed, 0 failed\n"), (7, 0))

    def test_pytest(self):
        self.assertEqual(runner.count(0, "....\n4 passed in 0.31s\n"), (4, 0))
        self.assertEqual(runner.count(1, "1 failed, 4 passed in 0.31s\n"), (4, 1))
        self.assertEqual(runner.count(1, "4 passed, 1 error in 0.31s\n"), (4, 1))
        self.assertEqual(runner.count(1, "2 failed in 0.31s\n"), (0, 2))

    def test_what_is_skipped_was_not_passed(self):
        self.assertEqual(runner.count(0, "4 passed, 2 skipped in 0.31s\n"), (4, 2))

    def test_silent_steps(self):
        self.assertEqual(runner.count(0, ""), (1, 0))
        self.assertEqual(runner.count(1, "some error"), (0, 1))

    def test_a_failed_step_with_a_good_count(self):
        self.assertEqual(runner.count(1, "12 passed, 0 failed\n"), (12, 1))


if __name__ == "__main__":
    unittest.main()
