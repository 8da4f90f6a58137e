"""tests/documentation/run compares what it says that it compares."""
import unittest

import scripts

runner = scripts.load("documentation/run", "documentation_run")


class Same(unittest.TestCase):
    def test_text(self):
        self.assertTrue(runner.same("hello", "hello"))
        self.assertFalse(runner.same("hello", "hello there"))
        self.assertFalse(runner.same("", "curl: (7) Failed to connect"))

    def test_anything(self):
        self.assertTrue(runner.same("at … o'clock", "at 12 o'clock"))
        self.assertFalse(runner.same("at … o'clock", "at 12"))
        self.assertFalse(runner.same("a.c", "abc"))

    def test_json_may_be_spread(self):
        self.assertTrue(runner.same('{\n  "a": [1, 2]\n}', '{"a":[1,2]}'))
        self.assertFalse(runner.same('{"a": 1}', '{"a":2}'))

    def test_the_order_of_members_counts(self):
        self.assertFalse(runner.same('{"b": 2, "a": 1}', '{"a":1,"b":2}'))

    def test_digits_count(self):
        self.assertFalse(runner.same("[1.0]", "[1]"))
        self.assertFalse(runner.same("[1.0]", "[1.00]"))


class Commands(unittest.TestCase):
    def test_answers_belong_to_their_command(self):
        self.assertEqual(runner.commands("$ one\n1\n2\n$ two\n"), [("one", "1\n2"), ("two", "")])

    def test_a_command_over_lines(self):
        self.assertEqual(runner.commands("$ curl x \\\n    -d y\nanswer\n"), [("curl x \\\n    -d y", "answer")])

    def test_text_without_a_command_is_refused(self):
        with self.assertRaises(runner.Failure):
            runner.commands("answer\n")


class Spread(unittest.TestCase):
    def test_it_says_the_same(self):
        text = '{"detail":[{"type":"missing","loc":["query","a name that makes it long"],"msg":"Field required","input":null,"more":[1.5,2]}]}'
        self.assertGreater(runner.shown(text).count("\n"), 2)
        self.assertTrue(runner.same(runner.shown(text), text))

    def test_what_fits_stays(self):
        self.assertEqual(runner.shown('{"a":1}'), '{"a":1}')


if __name__ == "__main__":
    unittest.main()
