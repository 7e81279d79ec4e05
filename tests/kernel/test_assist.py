"""What the kernel tells about a session: completions with types, inspection, variables, old results."""
import json
import time
import unittest

from mlnbtest import RawKernel


class Assist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.k = RawKernel()
        cls.k.ready()
        cls.k.execute('trips = frame(fare: [1.5, 2, null, 9, 10, 11], zone: ["a", "b", "a", null, "c", "a"])\ntrips |> cache')

    @classmethod
    def tearDownClass(cls):
        cls.k.stop()

    def ask(self, type_, code, at=None):
        content = {"code": code, "cursor_pos": len(code) if at is None else at, "detail_level": 0}
        return self.k.reply("shell", self.k.send("shell", type_, content))["content"]

    def run_cell(self, code, cell, deleted=()):
        """The text on stderr, as JupyterLab sends a cell."""
        msg, body, _ = self.k.frames("execute_request", {"code": code, "silent": False})
        body[2] = json.dumps({"cellId": cell, "deletedCells": list(deleted)}).encode()
        self.k.sockets["shell"].send_multipart([b"<IDS|MSG>", self.k.sign(body), *body])
        self.assertEqual(self.k.reply("shell", msg)["content"]["status"], "ok")
        return "".join(m["content"]["text"] for m in self.k.until_idle(msg) if m["type"] == "stream" and m["content"]["name"] == "stderr")

    def test_completion_has_types(self):
        c = self.ask("complete_request", "trips |> where fa")
        types = c["metadata"]["_jupyter_types_experimental"]
        self.assertEqual([t["text"] for t in types], c["matches"])
        fare = types[c["matches"].index("fare")]
        self.assertEqual((fare["type"], fare["signature"], fare["start"], fare["end"]), ("column", "num", 15, 17))
        self.assertEqual(self.ask("complete_request", "1 +")["status"], "ok")
        self.assertIn("metadata", self.ask("complete_request", ""))

    def test_cursor_positions_outside_the_bmp(self):
        for lead in ("", "é", "😀", "👩‍👩‍👧 𝒳 ", "漢字"):
            code = f'"{lead}"\ntrips |> where fa'
            c = self.ask("complete_request", code)
            self.assertEqual(code[c["cursor_start"]:c["cursor_end"]], "fa", lead)
            self.assertIn("fare", c["matches"])
            self.assertTrue(self.ask("inspect_request", code + "re", len(code))["found"])
        for at in (-5, 10**12):
            self.assertEqual(self.ask("complete_request", "trips |> wh", at)["status"], "ok")
        self.assertEqual(self.ask("complete_request", "\ud83d", 1)["status"], "ok")  # half a character

    def test_half_a_surrogate_pair(self):
        reply, _ = self.k.execute('"\ud83d"')
        self.assertEqual(reply["content"]["status"], "ok")
        reply, out = self.k.execute('"\U0001f600 \\u00e9"')
        self.assertIn("😀", str([m["content"] for m in out]))

    def test_inspect(self):
        verb = self.ask("inspect_request", "trips |> where")
        self.assertTrue(verb["found"])
        self.assertIn("where", verb["data"]["text/plain"])
        self.assertIn("<", verb["data"]["text/html"])
        column = self.ask("inspect_request", "trips |> where fare")["data"]
        for word in ("num", "1 of 6 rows", "1.5 .. 11", "█"):
            self.assertIn(word, column["text/plain"])
            self.assertIn(word, column["text/html"])
        self.assertIn('"a" 3', self.ask("inspect_request", "trips |> count zone")["data"]["text/plain"])
        self.assertIn("of `trips`", self.ask("inspect_request", "trips.fare")["data"]["text/plain"])
        remade = self.ask("inspect_request", "trips |> derive fare = 2 |> where fare")["data"]["text/plain"]
        self.assertIn("int", remade)
        self.assertNotIn("missing", remade)
        self.assertIn("6 rows", self.ask("inspect_request", "trips")["data"]["text/plain"])
        self.assertEqual(self.ask("inspect_request", "nothing_of_that_name"), {"status": "ok", "found": False, "data": {}, "metadata": {}})

    def test_is_complete_indents(self):
        for code, status, indent in (("1 + 1", "complete", None), ("trips |>", "incomplete", "  "), ("1 + * 2", "invalid", None)):
            c = self.k.reply("shell", self.k.send("shell", "is_complete_request", {"code": code}))["content"]
            self.assertEqual(c["status"], status, code)
            if status == "incomplete":
                self.assertEqual(c["indent"].strip(" "), "")

    def test_answers_while_a_cell_runs(self):
        k = self.k
        msg = k.send("shell", "execute_request", {"code": "fresh = frame(alpha: [1])\nsleep(60s)", "silent": False})
        time.sleep(0.5)
        self.assertIn("alpha", self.ask("complete_request", "fresh |> where al")["matches"])
        self.assertTrue(self.ask("inspect_request", "trips |> where fare")["found"])
        history = k.reply("shell", k.send("shell", "history_request", {"hist_access_type": "tail", "n": 1}))["content"]["history"]
        self.assertIn("sleep(60s)", history[0][2])
        names = [v["name"] for v in self.debug("inspectVariables")["body"]["variables"]]
        self.assertIn("fresh", names)
        k.reply("control", k.send("control", "interrupt_request", {}))
        self.assertEqual(k.reply("shell", msg)["content"]["ename"], "Interrupted")

    # ---- variables ----
    def debug(self, command, **args):
        msg = self.k.send("control", "debug_request", {"type": "request", "seq": 7, "command": command, "arguments": args})
        c = self.k.reply("control", msg)["content"]
        self.assertEqual((c["type"], c["request_seq"], c["command"]), ("response", 7, command))
        return c

    def test_variables_for_the_panel(self):
        info = self.k.reply("shell", self.k.send("shell", "kernel_info_request", {}))["content"]
        self.assertIn("debugger", info["supported_features"])
        body = self.debug("debugInfo")["body"]
        self.assertEqual((body["isStarted"], body["stoppedThreads"], body["breakpoints"], body["richRendering"]), (False, [], [], True))
        trips = [v for v in self.debug("inspectVariables")["body"]["variables"] if v["name"] == "trips"][0]
        self.assertEqual((trips["type"], trips["value"]), ("frame", "6 rows x 2 columns"))
        parts = self.debug("variables", variablesReference=trips["variablesReference"])["body"]["variables"]
        self.assertEqual([(p["name"], p["type"]) for p in parts], [("fare", "num"), ("zone", "str")])
        rich = self.debug("richInspectVariables", variableName="trips")["body"]
        self.assertIn("6 rows", rich["data"]["text/plain"])
        self.assertEqual(self.debug("variables", variablesReference=10**9)["body"]["variables"], [])
        self.assertFalse(self.debug("stepIn")["success"])
        self.assertEqual(self.k.reply("control", self.k.send("control", "debug_request", {"arguments": 5}))["content"]["success"], False)
        self.debug("initialize")
        self.assertTrue(self.debug("attach")["success"])
        self.assertTrue(self.debug("debugInfo")["body"]["isStarted"])
        self.debug("disconnect")
        self.assertFalse(self.debug("debugInfo")["body"]["isStarted"])

    def test_vars(self):
        _, out = self.k.execute('text = "héllo"\n.vars')
        shown = [m["content"]["data"] for m in out if m["type"] in ("display_data", "execute_result")][0]
        lines = {row.split()[0]: row for row in shown["text/plain"].split("\n")}
        self.assertEqual(lines["name"].split(), ["name", "type", "size", "rows", "value"])
        self.assertRegex(lines["trips"], r"frame +\d+ B +6  2 columns")
        self.assertIn("héllo", lines["text"])
        self.assertIn("<table", shown["text/html"])

    def test_usage(self):
        c = self.k.reply("control", self.k.send("control", "usage_request", {}))["content"]
        self.assertGreater(c["kernel_memory"], 1e6)
        self.assertGreater(c["host_virtual_memory"]["total"], c["host_virtual_memory"]["used"])
        self.assertEqual(c["pid"], self.k.proc.pid)

    # ---- old results ----
    def test_old_results_are_told(self):
        run = self.run_cell
        self.assertEqual(run("src = frame(x: [1, 2])", "A"), "")
        self.assertEqual(run("mid = src |> derive y = x + 1", "B"), "")
        self.assertEqual(run("end_ = mid |> where y > 0", "C"), "")
        self.assertEqual(run("end_", "D"), "")
        self.assertEqual(run("# a comment\nsrc = frame(x: [1, 2])  # more", "A"), "")
        self.assertEqual(run("end_", "D"), "", "comments and blanks do not count")
        self.assertEqual(run("src = frame(x: [1, 3])", "A"), "")
        note = run("end_", "D")
        self.assertIn("`end_` rests on an older `src`", note)
        self.assertEqual(note.count("note:"), 1)
        self.assertEqual(run("src", "E"), "", "what is new is not old")
        self.assertEqual(run("mid = src |> derive y = x + 1", "B"), "")
        self.assertIn("older `mid`", run("end_", "D"))
        self.assertEqual(run("end_ = mid |> where y > 0", "C"), "")
        self.assertEqual(run("end_", "D"), "")
        self.assertEqual(run("other = mid |> where y > 0", "C"), "")
        self.assertIn("does not set it any more", run("end_", "D"))
        self.assertIn("deleted", run("other", "D", ["C"]))
        self.assertEqual(run("own = 1", "F") + run("own = own + 1", "G") + run("own = own + 1", "G") + run("own", "H"), "", "a cell that goes on from its own")


if __name__ == "__main__":
    unittest.main()
