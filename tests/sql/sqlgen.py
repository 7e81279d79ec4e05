"""Random SELECTs over small tables with nulls, in the style of SQLite's sqllogictest. A seed gives the same queries for ever.

Each query is (sql, ordered, portable): `ordered` when its ORDER BY leaves no two orders, `portable` when SQLite has the same rules
as PostgreSQL for all that stands in it.
"""
import random

INT, NUM, TEXT, BOOL, DATE = "bigint", "double precision", "text", "boolean", "date"
TABLES = {
    "t1": [("a", INT), ("b", INT), ("c", INT), ("d", INT), ("e", INT)],
    "t2": [("x", INT), ("y", INT), ("z", TEXT)],
    "t3": [("k", INT), ("s", TEXT), ("f", NUM), ("dt", DATE), ("bl", BOOL)],
}
WORDS = ["apple", "Banana", "cherry", "date", "elder%berry", "fig_", "", "apple pie", "o'hara", "zo\u00eb"]


def rows_of(seed=1):
    """Rows of each table."""
    r = random.Random(seed)

    def value(kind):
        if r.random() < 0.15:
            return None
        return {
            INT: lambda: r.randint(-5, 12),
            NUM: lambda: r.randint(-10, 20) / 2,
            TEXT: lambda: r.choice(WORDS),
            BOOL: lambda: r.random() < 0.5,
            DATE: lambda: f"20{r.randint(18, 21)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
        }[kind]()

    sizes = {"t1": 30, "t2": 14, "t3": 24}
    return {t: [tuple(value(k) for _, k in cols) for _ in range(sizes[t])] for t, cols in TABLES.items()}


def literal(v):
    if v is None:
        return "null"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, str):
        return "'" + v.replace("'", "''") + "'"
    return str(v)


def setup(seed=1):
    """Statements that make the tables."""
    out = []
    rows = rows_of(seed)
    for t, cols in TABLES.items():
        out.append(f"create table {t} ({', '.join(f'{n} {k}' for n, k in cols)})")
        values = ", ".join("(" + ", ".join(literal(v) for v in row) + ")" for row in rows[t])
        out.append(f"insert into {t} values {values}")
    return out


class Gen:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.portable = True
        self.n = 0

    # ---- small things ----
    def name(self, prefix):
        self.n += 1
        return f"{prefix}{self.n}"

    def pick(self, *choices):
        return self.r.choice(choices)

    def column(self, scope, kind):
        fits = [f"{alias}.{n}" for alias, cols in scope for n, k in cols if k == kind]
        return self.r.choice(fits) if fits else None

    def constant(self, kind):
        r = self.r
        if r.random() < 0.06:
            return f"cast(null as {kind})"
        if kind == INT:
            n = r.randint(-4, 12)
            return f"({n})" if n < 0 else str(n)
        if kind == NUM:
            return f"cast({r.randint(0, 16) / 2} as double precision)"
        if kind == TEXT:
            return literal(r.choice(WORDS))
        if kind == BOOL:
            return r.choice(["true", "false"])
        return f"date '20{r.randint(18, 21)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}'"

    # ---- expressions ----
    def expr(self, kind, scope, depth):
        if depth <= 0 or self.r.random() < 0.25:
            c = self.column(scope, kind)
            return c if c and self.r.random() < 0.75 else self.constant(kind)
        if self.r.random() < 0.18:
            return self.choice(kind, scope, depth)
        return {INT: self.int_expr, NUM: self.num_expr, TEXT: self.text_expr, BOOL: self.bool_expr,
                DATE: self.date_expr}[kind](scope, depth)

    def choice(self, kind, scope, depth):
        e = lambda: self.expr(kind, scope, depth - 1)  # noqa: E731
        form = self.r.randrange(5)
        if form == 0:
            whens = "".join(f" when {self.expr(BOOL, scope, depth - 1)} then {e()}" for _ in range(self.r.randint(1, 3)))
            return f"case{whens}{f' else {e()}' if self.r.random() < 0.7 else ''} end"
        if form == 1:
            x = self.expr(INT, scope, depth - 1)
            return f"case {x} when {self.constant(INT)} then {e()} when {self.constant(INT)} then {e()} else {e()} end"
        if form == 2:
            return f"coalesce({', '.join(e() for _ in range(self.r.randint(2, 3)))})"
        if form == 3:
            return f"nullif({e()}, {e()})"
        if kind == BOOL:
            return f"coalesce({e()}, {e()})"
        self.portable = False  # SQLite's max(a, b) is null of a null
        return f"{self.pick('greatest', 'least')}({e()}, {e()}, {e()})"

    def int_expr(self, scope, depth):
        e = lambda: self.expr(INT, scope, depth - 1)  # noqa: E731
        form = self.r.randrange(12)
        if form < 5:
            return f"({e()} {self.pick('+', '-', '*')} {e()})"
        if form == 5:
            return f"(- {e()})"
        if form == 6:
            return f"abs({e()})"
        if form == 7:
            return f"({e()} {self.pick('/', '%')} {self.r.randint(2, 7)})"
        if form == 8:
            return f"length({self.expr(TEXT, scope, depth - 1)})"
        if form == 9:
            return f"({e()} / nullif({e()}, 0))"
        if form == 10:
            return f"cast({self.expr(BOOL, scope, depth - 1)} as integer)"
        self.portable = False
        return self.pick(f"strpos({self.expr(TEXT, scope, 1)}, {self.expr(TEXT, scope, 0)})",
                         f"cast({self.expr(NUM, scope, depth - 1)} as bigint)",
                         f"({self.expr(DATE, scope, 1)} - {self.expr(DATE, scope, 1)})",
                         f"mod({e()}, {self.r.randint(2, 5)})", f"sign({e()})::bigint")

    def num_expr(self, scope, depth):
        e = lambda: self.expr(NUM, scope, depth - 1)  # noqa: E731
        form = self.r.randrange(8)
        if form < 4:
            return f"({e()} {self.pick('+', '-', '*')} {e()})"
        if form == 4:
            return f"({e()} / {self.r.randint(2, 5)}.0)"
        if form == 5:
            return f"abs({e()})"
        self.portable = False
        return self.pick(f"floor({e()})", f"ceil({e()})", f"round({e()})", f"trunc({e()})", f"sqrt(abs({e()}))",
                         f"cast({self.expr(INT, scope, depth - 1)} as double precision)", f"power({e()}, 2)",
                         f"extract({self.pick('year', 'month', 'day', 'dow', 'doy', 'quarter', 'week', 'isodow', 'epoch')}"
                         f" from {self.expr(DATE, scope, depth - 1)})::double precision")

    def text_expr(self, scope, depth):
        e = lambda: self.expr(TEXT, scope, depth - 1)  # noqa: E731
        n = self.r.randint(0, 5)
        form = self.r.randrange(8)
        if form == 0:
            return f"({e()} || {e()})"
        if form == 1:
            return f"replace({e()}, {self.pick(repr('a'), repr('an'))}, {self.constant(TEXT)})"
        if form == 2:
            return f"substr({e()}, {self.r.randint(1, 4)}, {n})"
        if form == 3:
            return f"cast({self.expr(INT, scope, depth - 1)} as text)"
        if form == 4:
            return f"trim({e()})"
        self.portable = False
        return self.pick(f"upper({e()})", f"lower({e()})", f"initcap({e()})", f"left({e()}, {self.r.randint(-3, 4)})",
                         f"right({e()}, {self.r.randint(-3, 4)})", f"lpad({e()}, {n + 2}, 'xy')", f"rpad({e()}, {n + 2})",
                         f"reverse({e()})", f"split_part({e()}, 'a', {n + 1})", f"concat({e()}, {self.expr(INT, scope, 0)}, {e()})",
                         f"concat_ws('-', {e()}, {e()})", f"translate({e()}, 'aeb', 'xy')", f"repeat({e()}, {n})",
                         f"md5({e()})", f"regexp_replace({e()}, '[aeiou]', '_', 'g')", f"substring({e()} from '[a-e]+')",
                         f"overlay({e()} placing 'Q' from 2)", f"ltrim({e()}, 'aB')", f"cast({self.expr(DATE, scope, 0)} as text)",
                         f"cast({self.expr(NUM, scope, 0)} as text)", f"cast({self.expr(BOOL, scope, 0)} as text)")

    def date_expr(self, scope, depth):
        self.portable = False
        e = self.expr(DATE, scope, depth - 1)
        n = self.r.randint(1, 20)
        return self.pick(f"({e} + {n})", f"({e} - {n})", f"cast({e} + interval '{n} month' as date)",
                         f"cast({e} - interval '{n} day' as date)", f"cast(date_trunc('{self.pick('month', 'year', 'week', 'quarter')}', {e}) as date)",
                         f"make_date(2019, {self.r.randint(1, 12)}, {self.r.randint(1, 28)})")

    def bool_expr(self, scope, depth):
        b = lambda: self.expr(BOOL, scope, depth - 1)  # noqa: E731
        form = self.r.randrange(11)
        kind = self.pick(INT, INT, INT, NUM, TEXT, DATE)
        e = lambda: self.expr(kind, scope, depth - 1)  # noqa: E731
        if form < 3:
            return f"({e()} {self.pick('=', '<>', '<', '<=', '>', '>=')} {e()})"
        if form == 3:
            return f"({b()} {self.pick('and', 'or')} {b()})"
        if form == 4:
            return f"(not {b()})"
        if form == 5:
            return f"({e()} {self.pick('', 'not ')}between {e()} and {e()})"
        if form == 6:
            items = ", ".join(self.constant(kind) for _ in range(self.r.randint(1, 5)))
            return f"({e()} {self.pick('', 'not ')}in ({items}))"
        if form == 7:
            return f"({e()} is {self.pick('', 'not ')}null)"
        if form == 8:
            if self.r.random() < 0.5:
                self.portable = False
                return f"({b()} is {self.pick('', 'not ')}{self.pick('true', 'false', 'unknown')})"
            self.portable = False
            return f"({e()} is {self.pick('', 'not ')}distinct from {e()})"
        if form == 9:
            self.portable = False
            pattern = self.pick("a%", "%an%", "%e", "_ig%", "%\\%%", "%", "", "b%a", "_____")
            return f"({self.expr(TEXT, scope, depth - 1)} {self.pick('', 'not ')}{self.pick('like', 'ilike')} '{pattern}')"
        if self.r.random() < 0.3:
            self.portable = False
            return f"({self.expr(TEXT, scope, depth - 1)} {self.pick('~', '!~', '~*')} '{self.pick('^a', 'an+', 'e$', '[0-9]', 'a|z')}')"
        return self.subquery_test(scope, depth)

    def subquery_test(self, scope, depth):
        t, alias = self.table()
        inner = [(alias, TABLES[t])]
        both = inner + scope
        where = self.expr(BOOL, both, depth - 1)
        form = self.r.randrange(4)
        if form == 0:
            return f"({self.pick('', 'not ')}exists (select 1 from {t} {alias} where {where}))"
        c = self.column(inner, INT) or "1"
        e = self.expr(INT, scope, depth - 1)
        if form == 1:
            return f"({e} {self.pick('', 'not ')}in (select {c} from {t} {alias} where {where}))"
        if form == 2:
            agg = self.pick("max", "min", "count", "sum")
            return f"({e} {self.pick('=', '<', '>=')} (select {agg}({c}) from {t} {alias} where {where}))"
        self.portable = False
        return f"({e} {self.pick('=', '<', '>', '<>')} {self.pick('any', 'all')} (select {c} from {t} {alias} where {where}))"

    # ---- tables ----
    def table(self):
        t = self.r.choice(list(TABLES))
        return t, self.name("q")

    def source(self, depth):
        """FROM clause and its scope."""
        t, alias = self.table()
        if depth > 0 and self.r.random() < 0.12:
            text, cols = self.derived(depth - 1)
            text = f"({text}) {alias}"
        else:
            text, cols = f"{t} {alias}", TABLES[t]
        scope = [(alias, cols)]
        for _ in range(self.r.choice([0, 0, 0, 1, 1, 2])):
            u, other = self.table()
            right = [(other, TABLES[u])]
            kind = self.r.randrange(10)
            if kind == 0:
                text += f" cross join {u} {other}"
            elif kind == 1:
                text += f", {u} {other}"
            else:
                on = f"{self.column(scope, INT) or 1} = {self.column(right, INT)}"
                if self.r.random() < 0.4:
                    on += f" and {self.expr(BOOL, scope + right, 1)}"
                elif self.r.random() < 0.15:
                    on = self.expr(BOOL, scope + right, 2)
                    kind = min(kind, 6)
                word = ["", "", "join", "join", "join", "left join", "left join", "left join", "right join", "full join"][kind]
                if word == "full join" and not self.column(scope, INT):
                    word = "left join"  # PostgreSQL runs a full join by equal columns only
                if word in ("right join", "full join"):
                    self.portable = False  # behind a comma SQLite binds them otherwise
                if word == "full join":
                    on = f"{self.column(scope, INT) or 1} = {self.column(right, INT)}"
                text += f" {word} {u} {other} on {on}"
            scope = scope + right
        return text, scope

    def derived(self, depth):
        """A query with named columns of known kinds."""
        text, scope = self.source(0)
        kinds = [self.pick(INT, INT, TEXT, NUM) for _ in range(self.r.randint(1, 3))]
        names = [self.name("c") for _ in kinds]
        items = ", ".join(f"{self.expr(k, scope, depth)} as {n}" for k, n in zip(kinds, names))
        where = f" where {self.expr(BOOL, scope, 2)}" if self.r.random() < 0.5 else ""
        return f"select {self.pick('', '', 'distinct ')}{items} from {text}{where}", list(zip(names, kinds))

    # ---- queries ----
    def aggregate(self, scope, depth):
        """An aggregate and its kind."""
        kind = self.pick(INT, INT, NUM)
        x = self.expr(kind, scope, depth)
        form = self.r.randrange(9)
        if form == 0:
            return "count(*)"
        if form == 1:
            return f"count({self.pick('', 'distinct ')}{self.expr(self.pick(INT, TEXT, DATE), scope, depth)})"
        if form == 2:
            return f"{self.pick('sum', 'avg')}(distinct {x})"
        if form == 3:
            return f"{self.pick('min', 'max')}({self.expr(self.pick(INT, NUM, TEXT, DATE), scope, depth)})"
        if form == 4:
            self.portable = False
            return self.pick(f"{self.pick('bool_and', 'bool_or', 'every')}({self.expr(BOOL, scope, depth)})",
                             f"{self.pick('stddev', 'var_pop', 'variance', 'stddev_pop')}({x})",
                             f"percentile_disc(0.{self.r.randint(1, 9)}) within group (order by {x}{self.pick('', ' desc')})",
                             f"percentile_cont(0.{self.r.randint(1, 9)}) within group (order by {x})",
                             f"mode() within group (order by {x})",
                             f"string_agg(distinct {self.expr(TEXT, scope, 1)}, ',')",
                             f"covar_pop({self.expr(NUM, scope, 1)}, {self.expr(NUM, scope, 1)})",
                             f"regr_count({self.expr(NUM, scope, 1)}, {self.expr(NUM, scope, 1)})")
        if form == 5:
            return f"{self.pick('sum', 'count', 'min')}({x}) filter (where {self.expr(BOOL, scope, depth)})"
        return f"{self.pick('sum', 'avg', 'count', 'total_')}({x})".replace("total_", "sum")

    def grouped(self, depth):
        text, scope = self.source(depth)
        keys = [self.expr(self.pick(INT, INT, TEXT, BOOL), scope, self.r.randint(0, 1)) for _ in range(self.r.randint(0, 2))]
        # a key that is a sub-query cannot be repeated in the select list here yet
        keys = [k for k in keys if "." in k and not k[0].isdigit() and "select" not in k]
        items = keys + [self.aggregate(scope, self.r.randint(0, 2)) for _ in range(self.r.randint(1, 3))]
        if self.r.random() < 0.3 and keys:
            items.append(f"({self.aggregate(scope, 1).replace('string_agg', 'count').replace(chr(44) + chr(39) + chr(44) + chr(39), '')}) is null")
        where = f" where {self.expr(BOOL, scope, 2)}" if self.r.random() < 0.5 else ""
        by = f" group by {', '.join(keys)}" if keys else ""
        having = f" having count(*) {self.pick('>', '<', '=')} {self.r.randint(0, 4)}" if self.r.random() < 0.25 else ""
        return f"select {', '.join(items)} from {text}{where}{by}{having}", len(items)

    def window(self, scope):
        by = f"partition by {self.column(scope, INT) or 1}" if self.r.random() < 0.6 else ""
        cols = [f"{alias}.{n}" for alias, cs in scope for n, _ in cs]
        order = "order by " + ", ".join(f"{c}{self.pick('', ' desc')}" for c in cols)
        x = self.expr(INT, scope, 1)
        self.portable = False
        return self.pick(f"row_number() over ({by} {order})", f"rank() over ({by} order by {self.column(scope, INT) or 1})",
                         f"dense_rank() over ({by} order by {self.column(scope, INT) or 1} desc)",
                         f"sum({x}) over ({by})", f"count({x}) over ({by} {order})",
                         f"sum({x}) over ({by} {order} rows between {self.r.randint(0, 3)} preceding and {self.r.randint(0, 2)} following)",
                         f"lag({x}) over ({by} {order})", f"lead({x}, 2) over ({by} {order})", f"max({x}) over ({by} {order})",
                         f"first_value({x}) over ({by} {order})", f"ntile(3) over ({by} {order})",
                         f"avg({x}) over ({by} order by {self.column(scope, INT) or 1})")

    def plain(self, depth, kinds=None):
        text, scope = self.source(depth)
        kinds = kinds or [self.pick(INT, INT, INT, NUM, TEXT, BOOL, DATE) for _ in range(self.r.randint(1, 4))]
        items = [self.expr(k, scope, self.r.randint(0, 3)) for k in kinds]
        if self.r.random() < 0.15:
            items.append(self.window(scope))
        if self.r.random() < 0.08:
            t, alias = self.table()
            c = self.column([(alias, TABLES[t])], INT) or "1"
            items.append(f"(select {self.pick('max', 'sum', 'count')}({c}) from {t} {alias} where "
                         f"{self.expr(BOOL, [(alias, TABLES[t])] + scope, 1)})")
        where = f" where {self.expr(BOOL, scope, 3)}" if self.r.random() < 0.7 else ""
        return f"select {self.pick('', '', '', 'distinct ')}{', '.join(items)} from {text}{where}", len(items)

    def query(self):
        """(sql, ordered, portable)"""
        self.portable = True
        form = self.r.randrange(10)
        if form < 5:
            sql, n = self.plain(2)
        elif form < 8:
            sql, n = self.grouped(2)
        else:
            kinds = [self.pick(INT, TEXT, NUM) for _ in range(self.r.randint(1, 2))]
            n = len(kinds)
            parts = []
            for _ in range(self.r.randint(2, 3)):
                text, scope = self.source(0)
                items = ", ".join(self.expr(k, scope, 1) for k in kinds)
                parts.append(f"select {items} from {text} where {self.expr(BOOL, scope, 1)}")
            op = self.pick("union", "union all", "intersect", "except")
            sql = f" {op} ".join(parts)
        if self.r.random() < 0.06:
            inner, cols = self.derived(1)
            sql = f"with w as ({inner}) select w.{cols[0][0]}, count(*) from w group by w.{cols[0][0]}"
            n = 2
        ordered = self.r.random() < 0.4
        if ordered:
            keys = [f"{i + 1}{self.pick('', ' desc', ' nulls first', ' desc nulls last')}" for i in range(n)]
            if any("nulls" not in k for k in keys):
                self.portable = False  # SQLite puts nulls first
            sql += f" order by {', '.join(keys)}"
            if self.r.random() < 0.4:
                sql += f" limit {self.r.randint(0, 12)}"
                if self.r.random() < 0.4:
                    sql += f" offset {self.r.randint(0, 5)}"
        return sql, ordered, self.portable


def queries(seed, n):
    for i in range(n):
        yield Gen(f"{seed}/{i}").query()
