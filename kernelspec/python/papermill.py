"""papermill's translator of mlnb. papermill knows no entry point for translators; it imports every engine that is declared,
so the import of this module registers the translator. The engine is papermill's own."""
import math
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
DECLARATION = re.compile(
    r"""(?mx) ^ (?:param\s+)? (?P<name>[^\W\d]\w*) \s* = \s*
    (?P<value> (?: "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | \[[^\]\n]*\] | \{[^}\n]*\} | [^\s,#\[{"'] )+ )
    (?P<rest> [^#\n]* ) (?: \# [ ]* (?P<comment>.*) )? $"""
)


def character(c):
    return ESCAPES.get(c) or (c if c.isprintable() else f"\\u{{{ord(c):x}}}")


class MlnbTranslator(Translator):
    @classmethod
    def translate_none(cls, value):
        return "null"

    @classmethod
    def translate_bool(cls, value):
        return "true" if value else "false"

    @classmethod
    def translate_float(cls, value):
        if math.isfinite(value):
            return repr(float(value))
        return "null" if math.isnan(value) else f'float("{"-" if value < 0 else ""}inf")'

    @classmethod
    def translate_str(cls, value):
        return '"' + "".join(character(c) for c in value) + '"'

    @classmethod
    def translate_list(cls, value):
        return "[" + ", ".join(cls.translate(v) for v in value) + "]"

    @classmethod
    def translate_tuple(cls, value):
        return cls.translate_list(value)

    @classmethod
    def translate_dict(cls, value):
        return "{" + ", ".join(f"{cls.translate_str(str(k))}: {cls.translate(v)}" for k, v in value.items()) + "}"

    @classmethod
    def comment(cls, text):
        return "# " + text

    @classmethod
    def codify(cls, parameters, comment="Parameters"):
        return cls.comment(comment) + "\n" + "".join(f"{name} = {cls.translate(value)}\n" for name, value in parameters.items())

    @classmethod
    def inspect(cls, parameters_cell):
        """What `papermill --help-notebook` lists: `param year = 2019 in [2018, 2019], help: "which"  # note`."""
        found = []
        for m in DECLARATION.finditer(parameters_cell["source"]):
            rest = m["rest"].strip()
            stated = re.search(r"""help:\s*("(?:[^"\\]|\\.)*"|'[^']*')""", rest)
            allowed = re.match(r"in\s+(.*?)(?:,\s*help:.*)?$", rest)
            notes = [stated[1][1:-1] if stated else "", m["comment"] or "", f"one of {allowed[1]}" if allowed else ""]
            found.append(Parameter(m["name"], "None", m["value"], ", ".join(n for n in notes if n)))
        return found


papermill_translators.register("mlnb", MlnbTranslator)


class Engine(NBClientEngine):
    """The same engine under our name, so that there is an entry point."""
